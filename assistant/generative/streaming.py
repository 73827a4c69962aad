"""Asks a chat model and hands its reply on piece by piece, within a deadline, from any thread.

The model runs on one event loop of its own: only there can a read that has stalled be cancelled, and the connection with
it. Knows nothing of passages or sentences.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from pybreaker import CircuitBreaker, CircuitBreakerError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from corpus.errors import WriterFailed

log = logging.getLogger(__name__)

#: Longest reply that is read, in characters: 700 tokens of English are about 3,000.
LONGEST_REPLY = 30_000
#: A model that failed this often in a row is left alone for this many seconds.
FAILURES, PAUSE_S = 5, 60
_TRIES = 4
#: Beyond the deadline a reader's thread waits this long for the event loop to say so; then it goes on alone.
GRACE_S = 2
#: HTTP statuses worth another try: too slow, too early, too many, and the server's own faults.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that the first piece and the whole reply may take, retries and waits included."""

    first_s: float
    whole_s: float


class StreamingModel(Protocol):
    """A chat model of LangChain, or whatever streams like one."""

    def astream(self, input: Any, /) -> AsyncIterator[Any]:
        """Pieces whose `text` is the reply; an asynchronous generator."""


class ModelStream:
    """One chat model for all threads, with one circuit breaker."""

    def __init__(self, model: StreamingModel, limits: Limits) -> None:
        self._model = model
        self._limits = limits
        # A reader who goes away says nothing about the model.
        self._breaker = CircuitBreaker(
            fail_max=FAILURES, reset_timeout=PAUSE_S, exclude=[asyncio.CancelledError], throw_new_error_on_trip=False
        )

    def pieces(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        """The reply as it comes, cut at LONGEST_REPLY. Raises `WriterFailed`; closing the iterator closes the connection."""
        arrived: queue.SimpleQueue[str | WriterFailed | None] = queue.SimpleQueue()
        asked = asyncio.run_coroutine_threadsafe(self._ask(messages, arrived), event_loop())
        until = time.monotonic() + self._limits.whole_s + GRACE_S
        try:
            while (piece := arrived.get(timeout=max(0.0, until - time.monotonic()))) is not None:
                if isinstance(piece, WriterFailed):
                    raise piece
                yield piece
        except queue.Empty:
            raise _failed(_late("finish its answer", self._limits.whole_s)) from None
        finally:
            asked.cancel()

    async def _ask(self, messages: Sequence[tuple[str, str]], arrived: queue.SimpleQueue[str | WriterFailed | None]) -> None:
        whole = first = None
        try:
            with self._breaker.calling():
                async with asyncio.timeout(self._limits.whole_s) as whole, asyncio.timeout(self._limits.first_s) as first:
                    await self._read(messages, arrived, first)
            arrived.put(None)
        except TimeoutError:
            late = self._limits.whole_s if whole and whole.expired() else self._limits.first_s
            what = "start to answer" if first and first.expired() else "finish its answer"
            arrived.put(_failed(_late(what, late)))
        except Exception as error:
            # Neither shown nor logged: a provider's error may repeat the request, which holds the reader's question.
            arrived.put(_failed(_in_words(error), type(error).__name__))
            raise

    async def _read(
        self, messages: Sequence[tuple[str, str]], arrived: queue.SimpleQueue[str | WriterFailed | None], first: asyncio.Timeout
    ) -> None:
        """Tries again only while nothing has arrived."""
        length = 0
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: not length and _may_pass(error)),
            wait=wait_exponential_jitter(multiplier=0.25, max=4),
            stop=stop_after_attempt(_TRIES),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                async with aclosing(self._model.astream(list(messages))) as chunks:  # type: ignore[type-var]
                    async for chunk in chunks:
                        text = str(chunk.text)[: LONGEST_REPLY - length]
                        if text:
                            first.reschedule(None)
                            length += len(text)
                            arrived.put(text)
                        if length >= LONGEST_REPLY:
                            return


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop that all models of this process run on: the clients of the providers' libraries are shared and bound to one."""
    with _starting:
        if (loop := _loops.get(os.getpid())) is None:  # a forked worker starts its own
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="language-model", daemon=True).start()
        return loop


_starting = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later. Broken connections carry no status."""
    return isinstance(error, Exception) and not isinstance(error, TimeoutError) and (_status(error) in (_PASSING | {None}))


def _in_words(error: Exception) -> str:
    if isinstance(error, CircuitBreakerError):
        return f"the language model failed {FAILURES} times in a row and is left alone for {PAUSE_S} s"
    if status := _status(error):
        return f"the language model refused to answer (HTTP {status})"
    return "the connection to the language model failed"


def _late(what: str, seconds: float) -> str:
    return f"the language model did not {what} within {seconds:g} s"


def _failed(reason: str, kind: str = "TimeoutError") -> WriterFailed:
    log.warning("%s (%s)", reason, kind)
    return WriterFailed(reason)
