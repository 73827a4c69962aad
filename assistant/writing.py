"""The extractive writer: quotes what was chosen, whole and word for word. Writes no word of its own."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from assistant.types import Chosen, Draft, Dropped, Mode, Query


class ExtractiveWriter:
    """One sentence a passage, in the order chosen."""

    mode = Mode.EXTRACTIVE

    def write(self, query: Query, chosen: Sequence[Chosen]) -> Generator[Draft | Dropped, None, None]:
        """Never fails: what it says is in the index already."""
        for one in chosen:
            yield quoted(one)


def quoted(one: Chosen) -> Draft:
    """A passage in its own words."""
    return Draft(one.hit.passage.text, (one.hit.passage,), one.role)
