"""Shares of anything in a span of time that moves on: so many for each key, whoever or whatever a key stands for.

Counted in this process' memory: each worker counts on its own, a restart forgets.
"""

from __future__ import annotations

import math
import time

#: The library keeps a list for every key that it ever saw. With so many it begins anew, and all keys with it.
_MOST_KEYS = 10_000


class Shares:
    """`count` in `window_s` seconds for each key. Safe to share between threads."""

    def __init__(self, count: int, window_s: int) -> None:
        from limits import RateLimitItemPerSecond

        self._share = RateLimitItemPerSecond(count, window_s)
        self._begin_anew()

    def take(self, key: str) -> int | None:
        """One more for a key. Where it has had its share, that does not count: seconds until the oldest one no longer does."""
        if self.keys >= _MOST_KEYS:
            self._begin_anew()
        window = self._window
        if window.hit(self._share, key):
            return None
        return max(1, math.ceil(window.get_window_stats(self._share, key).reset_time - time.time()))

    @property
    def keys(self) -> int:
        """How many are remembered."""
        return len(self._storage.events)

    def _begin_anew(self) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
