"""A real HTTP server on loopback that speaks OpenAI's streaming protocol, and misbehaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What one request gets: an HTTP status, or pieces of text one after the other, and how the stream ends."""

    pieces: Sequence[str] = ()
    status: int = 200
    wait: float = 0.0  # seconds before the first byte
    pause: float = 0.0  # seconds between pieces
    end: str = "done"  # or "cut": the connection breaks; "stall": nothing more comes; "silent": it closes without [DONE]
    raw: bytes | None = None  # sent as the body instead
    error: str = "the server's own words"

    @classmethod
    def text(cls, text: str, size: int = 7, **more: Any) -> Reply:
        """A whole text in pieces of `size` characters, as tokens come."""
        return cls([text[at : at + size] for at in range(0, len(text), size)], **more)


@dataclass
class OpenAIServer:
    """`replies` are given in turn, the last one for ever. Holds every request, and counts readers who went away."""

    replies: list[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""
    left: threading.Event = field(default_factory=threading.Event)  # a reader closed the connection before the end
    stopping: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def next_reply(self, body: dict[str, Any], key: str | None) -> Reply:
        with self._turn:
            self.requests.append(body)
            self.keys.append(key)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: OpenAIServer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.owner.next_reply(body, self.headers.get("Authorization"))
        try:
            self._answer(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.owner.left.set()
            self.close_connection = True

    def _answer(self, reply: Reply) -> None:
        self._sleep(reply.wait)
        if reply.status != 200:
            document = json.dumps({"error": {"message": reply.error, "type": "error", "code": None}}).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if reply.raw is not None:
            self._chunk(reply.raw)
        for piece in reply.pieces:
            self._event({"content": piece})
            self._sleep(reply.pause)
        self._end(reply.end)

    def _end(self, how: str) -> None:
        if how == "stall":
            while not self.owner.stopping.is_set():  # a comment is no event; it only finds out whether somebody listens
                self._sleep(0.05)
                self._chunk(b": still here\n\n")
        if how == "cut":
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        if how == "done":
            self._event({}, finish="stop")
            self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, delta: dict[str, str], finish: str | None = None) -> None:
        event = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "loopback",
            "choices": [{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}],
        }
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.owner.stopping.is_set():
            time.sleep(min(left, 0.05))


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what some of the replies are about."""


@contextmanager
def serving(*replies: Reply) -> Iterator[OpenAIServer]:
    """The server while the block runs, on a port of its own."""
    owner = OpenAIServer(list(replies))
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": owner}))
    owner.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield owner
    finally:
        owner.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
