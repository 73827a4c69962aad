"""`followup …` in real processes of its own, over the articles and the index of a place."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import FollowupError

if TYPE_CHECKING:
    from eval.faults.worker import Place

_FOLLOWUP = str(Path(sys.executable).with_name("followup"))


class TooSlow(FollowupError):
    """What was waited for did not happen."""


def environment(place: Place, **settings: object) -> dict[str, str]:
    """The environment of this process without its own settings, and with those of the place."""
    given = {name: value for name, value in os.environ.items() if not name.upper().startswith("FOLLOWUP_")}
    named = place.settings | {"database": f"sqlite:///{place.index.resolve()}.sqlite"} | settings
    return given | {f"FOLLOWUP_{key.upper()}": str(value) for key, value in named.items()}


def run(place: Place, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """To its end, whatever that is."""
    return subprocess.run(  # noqa: S603  # our own command
        [_FOLLOWUP, *arguments],
        env=environment(place, **settings),
        cwd=place.articles,
        capture_output=True,
        text=True,
        check=False,
    )


def begin(place: Place, *arguments: str, **settings: object) -> subprocess.Popen[str]:
    """In a session of its own, so that what it starts can be ended with it."""
    return subprocess.Popen(  # noqa: S603  # our own command
        [_FOLLOWUP, *arguments],
        env=environment(place, **settings),
        cwd=place.articles,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(happens: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Looks every 20 ms. Raises `TooSlow`."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            raise TooSlow(f"{what} did not happen in {seconds:.0f} s")
        time.sleep(0.02)
