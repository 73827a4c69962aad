"""The generation that a server answers from: opened once, switched while questions are answered, never mixed.

Who answers takes `current()` once and keeps it until the answer is whole; the generation before goes when the last such answer
is done. A new one is opened beside it, with the same loaded embedder. One that is damaged is refused: the last good one
serves on, and `health()` says so.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from corpus.errors import FollowupError, IndexMissing, IndexUnavailable
from index.embedding import load_embedder, load_reranker
from index.generations import last_good
from index.pointer import read_pointer, remembered
from index.search import Index, Once, check_model
from index.servers import LOOK_EVERY_S, Announcement
from index.taken_back import NOTHING

if TYPE_CHECKING:
    from pathlib import Path

    from index.pointer import Pointer
    from index.settings import IndexSettings
    from index.types import Embedder, Manifest, Reranker

log = logging.getLogger(__name__)

#: Pause before a generation that could not be opened is tried again: it would be hashed whole each time.
_RETRY_S = 30.0
#: An earlier generation that is still held after this long is looked for among what Python has not collected.
_HELD_S = 1.0


def servable(settings: IndexSettings) -> tuple[Path, Manifest, str | None]:
    """What a server would answer from: folder, manifest, and why that is not the live generation, if it is not.

    Opens nothing, so it is safe before a fork. Raises `IndexMissing`, `IndexDamaged` or `IndexMismatch`.
    """
    folder, manifest, degraded = last_good(settings.index)
    check_model(manifest, settings)
    return folder, manifest, degraded


@dataclass(frozen=True, slots=True)
class Health:
    """Which generation serves, `None` while none is open; `degraded`: why it is not the one that should."""

    generation: int | None
    degraded: str | None


class LiveIndex:
    """The live generation of an index. Safe to share between threads. Nothing is opened before it is needed."""

    def __init__(
        self,
        settings: IndexSettings,
        embedder: Callable[[], Embedder] | None = None,
        before: Callable[[Index], None] = lambda index: None,
        reranker: Callable[[], Reranker] = load_reranker,
    ) -> None:
        """`before`: what is done with a later generation before it takes over, so that no reader waits for it."""
        self._settings = settings
        self._embedder = Once(embedder or partial(load_embedder, settings))
        self._reranker = Once(reranker)
        self._before = before
        self._switching = threading.Lock()
        self._index: Index | None = None
        self._seen: Pointer | None = None  # the pointer that was acted on
        self._degraded: str | None = None
        self._again = 0.0  # when what failed is tried again
        self._held: weakref.WeakSet[Index] = weakref.WeakSet()
        self._held_since: float | None = None
        self._announcement = Announcement(settings.index)
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None

    def current(self) -> Index:
        """What is answered from now. Opens it when none is open. Raises `IndexUnavailable` or `ModelUnavailable`."""
        if (index := self._index) is not None:
            return index
        with self._switching:
            return self._index or self._open()

    @property
    def opened(self) -> Index | None:
        """The same if it is open; never waits for it."""
        return self._index

    def health(self) -> Health:
        """What serves, and whether it is what should."""
        index = self._index
        return Health(index.manifest.number if index else None, self._degraded)

    def refresh(self) -> None:
        """Switches when another generation became live. Raises nothing: what fails is in `health()`, and is tried again."""
        with self._switching:
            if self._index is None:
                return
            try:
                pointer = read_pointer(self._settings.index)
            except IndexMissing as error:  # taken away under a running server, which has its files open
                self._degraded = str(error)
                return
            except IndexUnavailable as error:
                self._fail(error)
                return
            if pointer != self._seen or (self._degraded and time.monotonic() >= self._again):
                self._seen = pointer  # whatever comes of it: what cannot be opened is not hashed at every look
                self._try()

    def watch(self) -> None:
        """Looks for a new generation from now on, in a thread of its own, until `close` or as long as anybody has the index.

        From then on builds wait until this process has switched; so it is called before the first answer.
        """
        if self._watcher is None:
            self._announce()
            self._watcher = threading.Thread(
                target=_look, args=(weakref.ref(self), self._stopped), name="index-watch", daemon=True
            )
            self._watcher.start()

    def close(self) -> None:
        """Stops looking, and tells builds not to wait for this process."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()
        self._announcement.end()

    def _try(self) -> None:
        try:
            self._open()
        except (FollowupError, OSError) as error:
            self._fail(error)
        except Exception as error:
            log.exception("the live generation could not be opened")
            self._fail(IndexUnavailable(f"the live generation could not be opened ({type(error).__name__}); the log says where"))

    def _fail(self, error: Exception) -> None:
        if self._degraded != str(error):
            log.error("degraded: %s", error)
        self._degraded, self._again = str(error), time.monotonic() + _RETRY_S

    def _open(self) -> Index:
        """Opens the live generation, or the last good one, and makes it current."""
        while True:
            pointer = self._pointer()
            index, degraded = self._opened_anew()
            if self._index is None and self._watcher is not None:
                # Said before the pointer is read again: a build that switches meanwhile sees this, or is seen here.
                self._announcement.say(index.manifest.number)
            if self._pointer() == pointer:
                break
        if index is not self._index:
            log.info("generation %d serves", index.manifest.number)
        self._held.add(index)
        self._index, self._seen = index, pointer
        if degraded:
            self._fail(IndexUnavailable(degraded))
        else:
            self._degraded = None
        return index

    def _opened_anew(self) -> tuple[Index, str | None]:
        """What should serve, opened unless it serves already, and why it is not the live generation, if it is not."""
        folder, manifest, degraded = servable(self._settings)
        known = remembered(self._settings.index)
        taken_back = known.taken_back if known else NOTHING
        if (index := self._index) is not None and (index.manifest, index.taken_back) == (manifest, taken_back):
            return index, degraded
        fresh = Index(
            folder,
            manifest,
            ranking=self._settings.ranking,
            embedder=self._embedder,
            reranker=self._reranker,
            taken_back=taken_back,
        )
        if index is not None:
            self._before(fresh)
        return fresh, degraded

    def _pointer(self) -> Pointer | None:
        try:
            return read_pointer(self._settings.index)
        except IndexUnavailable:
            return None

    def look(self) -> None:
        """Once: switches where there is something to switch to, and says so."""
        try:
            self.refresh()
        except Exception:
            log.exception("the new generation could not be looked at")  # in a thread of its own nobody else would hear of it
        if len(self._held) < 2:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = time.monotonic()
        elif time.monotonic() - self._held_since > _HELD_S:
            gc.collect()  # an exception's traceback may hold an answer that ended
        self._announce()

    def _announce(self) -> None:
        """The oldest generation that an answer rests on; a rollback makes it the newest, so any but the current counts."""
        index = self._index
        if index is None:
            return
        others = [held.manifest.number for held in self._held if held is not index]
        self._announcement.say(others[0] if others else index.manifest.number)


def _look(live: weakref.ref[LiveIndex], stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_EVERY_S):
        if (index := live()) is None:
            return
        index.look()
        del index
