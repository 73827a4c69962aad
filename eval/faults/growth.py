"""How a build bears a large corpus: memory, speed beside the bare encoder, a build that changes nothing, one that was killed.

The passages are sentences of real documents, one each; the embedder is the product's own. 100,000 take a quarter of an hour.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from eval.faults.commands import begin
from eval.faults.worker import Place, TryFailed
from eval.latency import Figure

PASSAGES = 100_000
#: Documents whose sentences become passages; each line of a file has a "text". The first file alone has 88,265 sentences.
_DATA = Path("../shared/data")
DOCUMENTS = (_DATA / "medquad/corpus.jsonl.gz", _DATA / "guideline-articles/sections.jsonl.gz")
_PER_ARTICLE = 400
_SENTENCE = re.compile(r"[A-Z][^.\n\[\]|#<>*_`\\&{}]{60,220}\.(?=\s|$)")
_FEWEST, _MOST = 11, 35  # words: two of them are never packed into one passage of _WORDS
_WORDS = 20
#: Texts that the bare encoder is timed on, before the build and after it.
_TIMED = 2_000
#: The model's own memory is that of a build of so many passages.
_SMALL = 50


@dataclass(frozen=True, slots=True)
class Built:
    """One `followup index build`: its report, its largest memory (bytes), and its seconds, start included."""

    report: dict[str, Any]
    peak: int
    seconds: float


def growth_figures(count: int = PASSAGES, documents: Sequence[Path] = DOCUMENTS) -> list[Figure]:
    """Builds, killed half-way, resumed, and again unchanged. Raises `TryFailed` where the documents are too few."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        folder = Path(name)
        sentences = list(islice(_sentences(documents), count))
        if len(sentences) < count:
            raise TryFailed(
                f"{documents[0].parents[1]} has {len(sentences)} sentences that can be passages, {count} are asked for"
            )
        small = _build(_place(folder / "small", sentences[:_SMALL]))
        place = _place(folder / "large", sentences)
        before = _encoder_rate(sentences)
        told = _build_killed(place, count // 2)
        resumed = _build(place)
        after = _encoder_rate(sentences)
        unchanged = _build(place)
    made, seconds = resumed.report["embedded"], resumed.report["embed_seconds"]
    whole = resumed.report["passages"]
    return [
        Figure("passages_built", whole),
        Figure("build_memory_above_model_mb", (resumed.peak - small.peak) / 1e6),
        Figure("build_texts_a_second", made / seconds),
        Figure("encoder_texts_a_second", (before + after) / 2),
        Figure("build_to_encoder_rate", made / seconds / ((before + after) / 2)),
        Figure("resumed_after", told),
        Figure("resumed_embedded_again", max(0, made - (resumed.report["cues"] - told))),
        Figure("unchanged_build_s", unchanged.seconds),
        Figure("unchanged_build_changed", float(unchanged.report["changed"])),
    ]


def _sentences(documents: Sequence[Path]) -> Iterator[str]:
    """Different sentences, in the order of the documents."""
    seen: set[str] = set()
    for path in documents:
        for text in _texts(path):
            for found in _SENTENCE.finditer(text):
                sentence = " ".join(found[0].split())
                if sentence not in seen and _FEWEST <= sentence.count(" ") + 1 <= _MOST:
                    seen.add(sentence)
                    yield sentence


def _texts(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def _place(folder: Path, sentences: Sequence[str]) -> Place:
    """Articles without statement ids, as imported ones are, each sentence a paragraph."""
    articles = folder / "articles"
    articles.mkdir(parents=True)
    for number, start in enumerate(range(0, len(sentences), _PER_ARTICLE)):
        head = {
            "id": f"part-{number}",
            "title": f"Part {number}",
            "heading": f"Part {number}",
            "specialty": "None",
            "status": "submitted",
            "last_updated": "2026-01-01",
            "references": [{"id": 1, "type": "research", "title": "Title", "authors": "Authors", "venue": "Venue"}],
        }
        paragraphs = list(sentences[start : start + _PER_ARTICLE])
        paragraphs[0] += " [1]"
        front = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items())  # JSON is YAML
        (articles / f"part-{number}.md").write_text(f"---\n{front}\n---\n\n" + "\n\n".join(paragraphs) + "\n", "utf-8")
    return Place(articles, folder / "index")


def _build(place: Place) -> Built:
    started = time.perf_counter()
    process = begin(place, "index", "build", "--json", max_passage_words=_WORDS)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with process:
        if process.returncode:
            raise TryFailed(f"the build ended with {process.returncode}: {process.stderr.read() if process.stderr else ''}")
    return Built(json.loads(said), usage.ru_maxrss * 1024, time.perf_counter() - started)


def _build_killed(place: Place, at: int) -> int:
    """Kills a build when it says that so many texts are embedded; how many it had then said."""
    with begin(place, "index", "build", "--progress", max_passage_words=_WORDS) as process:
        done = _until(process, at)
        process.send_signal(signal.SIGKILL)
        return done


def _until(process: subprocess.Popen[str], at: int) -> int:
    said: dict[str, Any] = {}
    for line in process.stderr or ():
        if not line.startswith("{"):
            raise TryFailed(f"the build said: {line.strip()}")
        said = json.loads(line)
        if (said.get("done") or 0) >= at:
            return int(said["done"])
    raise TryFailed(f"the build ended before {at} texts were embedded: {said}")


def _encoder_rate(sentences: Sequence[str]) -> float:
    """Texts a second of the same model in a process of its own, called in a loop over some of the texts."""
    some = sentences[:: max(1, len(sentences) // _TIMED)][:_TIMED]
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", _LOOP],
        input=json.dumps(some),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise TryFailed(f"the encoder cannot be timed: {done.stderr.strip()[-300:]}")
    return float(done.stdout)


#: Longest first in batches, as a build does it.
_LOOP = """
import json, sys, time
from assistant.settings import Settings
from index.embedding import load_passage_embedder
texts = sorted(json.load(sys.stdin), key=len, reverse=True)
embedder = load_passage_embedder(Settings(_env_file=None))
embedder.embed_passages(texts[:64])
started = time.perf_counter()
for start in range(0, len(texts), 256):
    embedder.embed_passages(texts[start:start + 256])
sys.stdout.write(str(len(texts) / (time.perf_counter() - started)))
"""
