"""A process that builds and reads indexes in forks of itself, so that one try costs a tenth of a second, not two.

`python -m eval.faults.process` takes one order a line on standard input, and says what came of it in one line of JSON.
The forks are real processes with the command line's own code; only the model is replaced (corpora.py). The process itself opens
no index: forks of a process with threads would not be like new ones.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import index.build
import index.cli
from assistant.cli import main
from assistant.settings import load_settings
from corpus.loading import load_corpus
from eval.faults.corpora import WordsEmbedder, questions
from eval.faults.reading import read
from eval.faults.tracing import Fault, How, traced
from index.embedding import identify

_SECONDS = 60.0


def _build(order: dict[str, Any]) -> dict[str, Any]:
    """`followup index …`, traced where a fault is to strike or its calls are asked for."""
    struck = order.get("fault")
    fault = Fault(How(struck["how"]), struck["at"], struck["lasting"]) if struck else None
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        said, errors = Path(name) / "stdout", Path(name) / "stderr"
        run = partial(_command, order, said, errors)
        if fault or order.get("traced"):
            done = traced(run, Path(order["index"]), fault, _SECONDS)
            calls = [asdict(call) for call in done.calls] if order.get("traced") else len(done.calls)
            outcome = {
                "status": done.status, "hung": done.hung, "calls": calls, "opened": done.opened if order.get("traced") else [],
                "struck": str(done.struck[0]) if done.struck else "",
            }  # fmt: skip
        else:
            outcome = {"status": _forked(run)}
        texts = {key: path.read_text("utf-8") if path.exists() else "" for key, path in (("stdout", said), ("stderr", errors))}
    return outcome | texts


def _command(order: dict[str, Any], said: Path, errors: Path) -> int:
    """The command line with its own errors and exit code, in a fork."""
    for path, number in ((said, 1), (errors, 2)):
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.dup2(descriptor, number)
    os.environ |= {f"FOLLOWUP_{key.upper()}": str(value) for key, value in order["settings"].items()}
    sys.argv = ["followup", *order["arguments"]]
    index.build.build_index = partial(index.build.build_index, embedder=WordsEmbedder())
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:
        traceback.print_exc()  # as an interpreter ends: what must never be seen
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _forked(work: Callable[[], int]) -> int:
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 70
    try:
        code = work()
    finally:
        os._exit(code)


def _read(order: dict[str, Any]) -> dict[str, Any]:
    """What a reader in a process of its own has."""
    source, sink = os.pipe()
    if not (pid := os.fork()):
        try:
            paths = {key: Path(value) for key, value in order["settings"].items()}
            settings = load_settings(env_file=None).model_copy(update=paths)
            os.write(sink, json.dumps(asdict(read(settings))).encode())
        except BaseException:  # this fork ends here, whatever comes
            traceback.print_exc()
            raise
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(said) if said else {"refused": "the reader's process ended without a word", "crashed": True}


def serve_orders() -> None:
    """Loads what every fork needs, says that it is ready, and takes orders until its input ends."""
    for library in ("faiss", "tantivy"):  # loaded here once instead of in every fork
        importlib.import_module(library)
    identify(load_settings(env_file=None))  # the hash of the weights, once
    questions()
    load_corpus()
    for line in sys.stdin:
        order = json.loads(line)
        outcome = _read(order) if order["do"] == "read" else _build(order)
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve_orders()
