"""How often somebody may try to sign in: so often from one address, and so often by one name from wherever.

Counted in this process' memory, as questions are (assistant/web/shares.py).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.web.problems import in_words
from assistant.web.shares import Shares
from corpus.errors import FollowupError

#: Tries of one address in `WINDOW_S` seconds: at ten in five minutes, 15 characters outlast everybody.
TRIES = 10
#: Tries by one name from all addresses: more, so that no single address can keep its owner out.
TRIES_BY_NAME = 30
WINDOW_S = 300
#: Passwords hashed at the same time; each takes 32 MB. Readers are to be answered meanwhile.
_AT_ONCE = 2


class TooManySignIns(FollowupError):
    """An address or a name has had its tries."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(f"{message}. Try again in {in_words(retry_after)}")
        self.retry_after = retry_after


class SignIns:
    """Counts tries; safe to share between threads."""

    def __init__(self, tries: int = TRIES, tries_by_name: int = TRIES_BY_NAME, window_s: int = WINDOW_S) -> None:
        self._of_addresses, self._of_names = Shares(tries, window_s), Shares(tries_by_name, window_s)
        self._hashing = threading.BoundedSemaphore(_AT_ONCE)

    def count(self, address: str, name: str | None) -> None:
        """One more try. Raises `TooManySignIns`, whether or not somebody has the name."""
        _take(self._of_addresses, address, "from your network address")
        if name is not None:
            told_apart = hashlib.sha256(name.strip().casefold().encode()).hexdigest()  # as short as any, whatever was typed
            _take(self._of_names, told_apart, "by this name")

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Room to hash a password. Raises `TooManySignIns` where there is none."""
        if not self._hashing.acquire(blocking=False):
            raise TooManySignIns("others are signing in at this moment", 1)
        try:
            yield
        finally:
            self._hashing.release()


def _take(shares: Shares, key: str, where: str) -> None:
    wait = shares.take(key)
    if wait is not None:
        raise TooManySignIns(f"too many tries to sign in came {where}", wait)
