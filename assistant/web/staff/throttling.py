"""How often somebody may try to sign in: so often from one address, and so often by one name from wherever.

Counted in this process' memory, as questions are (assistant/web/limits.py): each worker counts on its own, a restart forgets.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from corpus.errors import FollowupError

#: Tries of one address in `WINDOW_S` seconds: at ten in five minutes, 15 characters outlast everybody.
TRIES = 10
#: Tries by one name from all addresses: more, so that no single address can keep its owner out.
TRIES_BY_NAME = 30
WINDOW_S = 300
#: Passwords hashed at the same time; each takes 32 MB. Readers are to be answered meanwhile.
_AT_ONCE = 2
#: The library keeps a list for every key that it ever saw. With so many it begins anew.
_MOST_KEYS = 10_000


class TooManySignIns(FollowupError):
    """An address or a name has had its tries."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SignIns:
    """Counts tries; safe to share between threads."""

    def __init__(self, tries: int = TRIES, tries_by_name: int = TRIES_BY_NAME, window_s: int = WINDOW_S) -> None:
        self._tries, self._tries_by_name, self._window_s = tries, tries_by_name, window_s
        self._hashing = threading.BoundedSemaphore(_AT_ONCE)
        self._begin_anew()

    def _begin_anew(self) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)

    def count(self, address: str, name: str | None) -> None:
        """One more try. Raises `TooManySignIns`, whether or not somebody has the name."""
        if len(self._storage.events) >= _MOST_KEYS:
            self._begin_anew()
        self._hit(f"address {address}", self._tries, "from your network address")
        if name is not None:
            told_apart = hashlib.sha256(name.strip().casefold().encode()).hexdigest()  # as short as any, whatever was typed
            self._hit(f"name {told_apart}", self._tries_by_name, "by this name")

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Room to hash a password. Raises `TooManySignIns` where there is none."""
        if not self._hashing.acquire(blocking=False):
            raise TooManySignIns("others are signing in at this moment", 1)
        try:
            yield
        finally:
            self._hashing.release()

    def _hit(self, key: str, tries: int, where: str) -> None:
        from limits import RateLimitItemPerSecond

        share, window = RateLimitItemPerSecond(tries, self._window_s), self._window
        if not window.hit(share, key):
            wait = math.ceil(window.get_window_stats(share, key).reset_time - time.time())
            raise TooManySignIns(f"too many tries to sign in came {where}", max(1, wait))
