"""`followup eval latency`, the part in processes of their own: the command's help, the build, and the server under questions.

Each works on a throw-away index or database; the reader's own are never touched.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from corpus.errors import FollowupError
from eval.datasets import FollowUp
from eval.latency import Figure
from eval.measures import percentile
from eval.stages import READERS, Row, spread, spreads

if TYPE_CHECKING:
    import httpx

    from assistant.settings import Settings

#: Runs the command line and says at the end on standard error whether torch was imported on the way.
_PROBE = (
    "import atexit, sys; atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr)); "
    "from assistant.cli import main; main()"
)
#: Says the seconds of a fresh process' first question as one line of JSON.
_FIRST = (
    "import json, sys; from eval.stages import first_question; sys.stdout.write(json.dumps(first_question(int(sys.argv[1]))))"
)
_ROOT = Path(__file__).resolve().parents[1]
_HELP_RUNS = 9
_WARM_UP = 20
#: The worker's memory is looked at after this many questions.
_MEMORY_AFTER = 100
_STREAMS = 100
#: Fresh processes that are asked one question each.
_COLD_STARTS = 5
_START_S = 60.0


class MeasurementFailed(FollowupError):
    """A process that was to be measured did not do its work; the message has its last words."""


def help_figures() -> list[Figure]:
    """`followup --help`, from start to end of the process."""
    command = [str(Path(sys.executable).with_name("followup")), "--help"]
    times = [_timed(command, dict(os.environ))[0] for _ in range(_HELP_RUNS)]
    return [Figure("help_s", statistics.median(times))]


def build_figures(settings: Settings) -> list[Figure]:
    """`followup index build` from nothing and again unchanged, each a process with its imports and the model's start."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        command = [sys.executable, "-c", _PROBE, "index", "build", "--json"]
        environment = environment_of(settings, index=Path(name) / "index")
        first, built = _timed(command, environment)
        again, unchanged = _timed(command, environment)
    if not json.loads(built.stdout)["changed"] or json.loads(unchanged.stdout)["changed"]:
        raise MeasurementFailed("the first build should have changed the index, and the second not")
    return [
        Figure("build_s", first),
        Figure("rebuild_unchanged_s", again),
        Figure("rebuild_unchanged_imports_torch", float(unchanged.stderr.split()[-1] == "True")),
    ]


def server_figures(settings: Settings, followups: Sequence[FollowUp]) -> list[Figure]:
    """`followup serve` with one worker: start, memory, answers and the first event of a stream, one question at a time."""
    import psutil

    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        environment = environment_of(settings, database=f"sqlite:///{Path(name) / 'assistant.sqlite'}", workers=1)
        with served(environment, Path(name) / "stderr") as (process, client, ready):
            for followup in followups[:_WARM_UP]:
                _chat(client, followup)
            times = [_chat(client, followup) for followup in followups[: _MEMORY_AFTER - _WARM_UP]]
            workers = psutil.Process(process.pid).children() or [psutil.Process(process.pid)]
            resident = max(worker.memory_info().rss for worker in workers)
            times += [_chat(client, followup) for followup in followups[_MEMORY_AFTER - _WARM_UP :]]
            events = [_first_event(client, followup) for followup in followups[:_STREAMS]]
    return [
        Figure("ready_s", ready),
        Figure("resident_mb", resident / 1e6),
        Figure("chat_p50_ms", 1000 * percentile(times, 50)),
        Figure("chat_p95_ms", 1000 * percentile(times, 95)),
        Figure("first_event_p50_ms", 1000 * percentile(events, 50)),
    ]


def cold_rows(settings: Settings, starts: int = _COLD_STARTS) -> list[Row]:
    """Stages of the first question in fresh processes: opening the index and loading the model are told apart."""
    command = [sys.executable, "-c", _FIRST]
    runs = [_timed([*command, str(number)], environment_of(settings))[1].stdout for number in range(starts)]
    return spreads([json.loads(run) for run in runs], state="cold", readers=1)


def reader_rows(settings: Settings, followups: Sequence[FollowUp], readers: Sequence[int] = READERS) -> list[Row]:
    """`POST /api/v1/chat` of `followup serve` under so many readers at once: every question asked once by one of them."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        threads = max(settings.worker_threads, 2 * max(readers))  # a quarter of them gives no answers
        environment = environment_of(settings, database=f"sqlite:///{Path(name) / 'assistant.sqlite'}", worker_threads=threads)
        with served(environment, Path(name) / "stderr") as (_, client, _):
            for followup in followups[:_WARM_UP]:
                _chat(client, followup)
            return [_with_readers(str(client.base_url), followups, count) for count in readers]


def _with_readers(address: str, followups: Sequence[FollowUp], readers: int) -> Row:
    import httpx

    def ask(own: Sequence[FollowUp]) -> list[float]:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            together.wait()
            return [_chat(client, followup) for followup in own]

    together = threading.Barrier(readers + 1)
    with ThreadPoolExecutor(readers) as pool:
        asking = [pool.submit(ask, followups[first::readers]) for first in range(readers)]
        together.wait()
        started = time.perf_counter()
        times = [seconds for reader in asking for seconds in reader.result()]
        elapsed = time.perf_counter() - started
    return {**spread(times, readers=readers, stage="chat"), "per_s": round(len(times) / elapsed, 1)}


@contextmanager
def served(environment: dict[str, str], errors: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client, float]]:
    """The server's process, a client of it, and the seconds from its start until it was ready.

    The limits are off: what they are for, many questions from one address, is what is measured.
    """
    import httpx

    environment = environment | {"FOLLOWUP_QUESTIONS_PER_MINUTE": "0", "FOLLOWUP_ANSWERS_AT_ONCE": "0"}
    command = [str(Path(sys.executable).with_name("followup")), "serve", "--host", "127.0.0.1", "--port", "0"]
    started = time.perf_counter()
    with errors.open("w") as log:
        process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603  # our own command
    try:
        announced = process.stdout.readline() if process.stdout else ""
        address = re.search(r"http://[\d.]+:\d+", announced)
        if address is None:
            raise MeasurementFailed(f"`followup serve` did not start: {_last_words(errors)}")
        with httpx.Client(base_url=address[0], timeout=30, trust_env=False) as client:
            while not _is_ready(client):
                if process.poll() is not None or time.perf_counter() - started > _START_S:
                    raise MeasurementFailed(f"`followup serve` was not ready in {_START_S:.0f} s: {_last_words(errors)}")
                time.sleep(0.05)
            yield process, client, time.perf_counter() - started
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _is_ready(client: httpx.Client) -> bool:
    import httpx

    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False  # the worker is not listening yet


def _chat(client: httpx.Client, followup: FollowUp) -> float:
    """Seconds of one answer."""
    started = time.perf_counter()
    response = client.post("/api/v1/chat", json=_body(followup))
    seconds = time.perf_counter() - started
    if response.status_code != 200 or not response.json()["disclaimer"]:
        raise MeasurementFailed(f"POST /api/v1/chat gave {response.status_code}")
    return seconds


def _first_event(client: httpx.Client, followup: FollowUp) -> float:
    """Seconds until the first event of a streamed answer is there whole."""
    started = time.perf_counter()
    seconds = None
    with client.stream("POST", "/api/v1/chat", json=_body(followup), headers={"Accept": "text/event-stream"}) as response:
        for line in response.iter_lines():
            if seconds is None and line.startswith("data:"):
                seconds = time.perf_counter() - started
    if seconds is None:
        raise MeasurementFailed(f"the stream of POST /api/v1/chat ({response.status_code}) had no event")
    return seconds


def _body(followup: FollowUp) -> dict[str, Any]:
    return {"question": followup.question, "article_id": followup.article_id}


def environment_of(settings: Settings, **changed: object) -> dict[str, str]:
    """The environment with the settings in force, some of them changed, so that a process measures what was asked for."""
    given = {name: value for name, value in os.environ.items() if not name.upper().startswith("FOLLOWUP_")}
    secrets = {key: value.get_secret_value() for key, value in settings if isinstance(value, SecretStr)}
    in_force = settings.model_dump(mode="json") | secrets | {key: str(value) for key, value in changed.items()}
    for key in ("articles", "index"):
        in_force[key] = str(Path(in_force[key]).resolve())
    return given | {f"FOLLOWUP_{key.upper()}": str(value) for key, value in in_force.items() if value is not None}


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Wall-clock seconds of a command. Raises `MeasurementFailed` when it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    seconds = time.perf_counter() - started
    if done.returncode:
        raise MeasurementFailed(f"`{' '.join(command[-3:])}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds, done


def _last_words(errors: Path) -> str:
    return errors.read_text("utf-8").strip()[-300:] or "it said nothing"
