"""How much one address may ask, and how many answers are given at once, so that nobody takes the server from the others.

A message that tells of danger is never refused: its signpost costs 2 ms and needs no room. Everything is counted in this
process' memory: each worker counts on its own, a restart forgets, and no address is logged or stored.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, after_this_request, current_app, request

from assistant.alarm import danger_in, stops
from assistant.questions import clean_question
from assistant.web.current import assistant
from assistant.web.shares import Shares
from corpus.errors import FollowupError, QuestionRefused, ServerBusy, TooManyQuestions

if TYPE_CHECKING:
    from assistant.events import Ask
    from assistant.settings import Settings

#: Seconds until a place is likely to be free: an answer takes a tenth of a second, a language model's up to 20.
_SOON_S = 5


class Limiter:
    """Counts the questions of each address in the last `window_s` seconds, and the answers under way.

    `questions` and `at_once` are an address' share, 0 for any number; `room` is how many answers are given at once to all.
    """

    def __init__(self, questions: int, at_once: int, room: int, window_s: int = 60) -> None:
        self._shares = Shares(questions, window_s) if questions else None
        self._at_once, self._room = at_once, room
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    def count(self, address: str) -> None:
        """One more question of an address. Raises `TooManyQuestions` with the seconds until its oldest no longer counts."""
        wait = self._shares.take(address) if self._shares else None
        if wait is not None:
            raise TooManyQuestions("too many questions came from your network address within a minute", wait)

    def enter(self, address: str) -> None:
        """An answer begins. Raises `TooManyQuestions` where the address has its share, `ServerBusy` where there is no room."""
        with self._lock:
            if self._at_once and self._under_way[address] >= self._at_once:
                raise TooManyQuestions("many questions from your network address are being answered at this moment", _SOON_S)
            if self._under_way.total() >= self._room:
                raise ServerBusy("as many questions as the server can take are being answered at this moment")
            self._under_way[address] += 1

    def leave(self, address: str) -> None:
        """An answer that began is over, however it ended."""
        with self._lock:
            self._under_way[address] -= 1
            self._under_way += Counter()  # drops the zeros

    @property
    def under_way(self) -> int:
        """Answers that are being given now."""
        with self._lock:
            return self._under_way.total()


def register_limits(app: Flask, settings: Settings) -> None:
    """Limits as set. A quarter of the threads is kept free of answers, so that pages and /healthz are still served."""
    room = settings.worker_threads - max(1, settings.worker_threads // 4)
    app.extensions["limiter"] = Limiter(settings.questions_per_minute, settings.answers_at_once, room)


def admit(ask: Ask) -> None:
    """Takes a question: counts it, and keeps a place for its answer until the request is over, with its stream.

    Raises `TooManyQuestions` (429) or `ServerBusy` (503), both with `retry_after`; but never where somebody is in danger.
    """
    try:
        _limiter().count(client_address())
        _limiter().enter(client_address())
    except (TooManyQuestions, ServerBusy):
        if not _stopped(ask):
            raise
    else:
        after_this_request(partial(_keep_place, partial(_limiter().leave, client_address())))


def count_request() -> None:
    """Counts a request that costs but gives no answer, such as a search, as a question. Raises `TooManyQuestions`."""
    _limiter().count(client_address())


def _keep_place(leave: Callable[[], None], response: Response) -> Response:
    """Leaves now, or after the last piece of a stream."""
    if response.is_streamed:
        pieces = _held(response.response, leave)
        next(pieces)
        response.response = pieces
    else:
        leave()
    return response


def _held(pieces: Iterable[Any], leave: Callable[[], None]) -> Iterator[Any]:
    """The pieces, after one that its maker takes: a generator that has not begun would be closed without its `finally`."""
    try:
        yield ""
        yield from pieces
    finally:
        leave()


def _stopped(ask: Ask) -> bool:
    """Whether the message gets a signpost, as `Assistant.stream` decides it."""
    try:
        asked = [clean_question(text) for text in (ask.question, ask.query) if text and text.strip()]
    except QuestionRefused:
        return False
    try:
        history = assistant().store.turns(ask.conversation_id) if ask.conversation_id else []
    except FollowupError:
        history = []
    danger = danger_in(asked, history)
    return danger is not None and stops(danger, ask.safe)


def client_address() -> str:
    """The client's network address; of an IPv6 one its network, since one client has 2^64 of them."""
    given = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(given)
    except ValueError:  # a Unix socket has none
        return given
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions["limiter"])
