"""Real collections of documents from their files to an answer: imported, checked, indexed and asked, by the command line."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.answering import Ask
from assistant.opening import open_assistant
from assistant.settings import load_settings
from eval.faults.commands import run
from eval.faults.worker import Place, TryFailed

_DATA = Path("../shared/data")
#: Name -> format, file, what the file does not say itself.
COLLECTIONS = {
    "guidelines": ("guidelines", _DATA / "guideline-articles/articles.jsonl.gz", ()),
    "medquad": ("beir", _DATA / "medquad/corpus.jsonl.gz", ("--source", "MedQuAD", "--licence", "CC BY 4.0")),
}
#: Articles of each that are asked about, evenly chosen.
_ASKED = 10


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one collection. `problems`: what the check finds, warnings included. `wrong`: steps that failed."""

    name: str
    documents: int
    refused: int
    import_s: float
    problems: int
    passages: int
    build_s: float
    answered: int  # of _ASKED, each with a citation of the article that was asked about
    wrong: tuple[str, ...]


def import_all(limit: int | None = None) -> list[Imported]:
    """Every collection, or the first `limit` documents of each. Raises `TryFailed` where their files are not."""
    return [import_one(name, limit) for name in COLLECTIONS]


def import_one(name: str, limit: int | None = None) -> Imported:
    """One collection into an empty folder."""
    form, file, told = COLLECTIONS[name]
    if not file.exists():
        raise TryFailed(f"{file} is not here")
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as made:
        folder = Path(made)
        place = Place(folder / "articles", folder / "index")
        place.articles.mkdir()
        records = folder / f"{name}.jsonl"
        with gzip.open(file, "rt", encoding="utf-8") as source:
            records.write_text("".join(islice(source, limit)), "utf-8")
        wrong: list[str] = []
        started = time.perf_counter()
        imported = _said(place, wrong, "corpus", "import", form, str(records), *told, "--json")
        import_s = time.perf_counter() - started
        checked = _said(place, wrong, "corpus", "check", "--json", str(place.articles))
        started = time.perf_counter()
        built = _said(place, wrong, "index", "build", "--json")
        build_s = time.perf_counter() - started
        answered = _answered(place) if built else 0
    return Imported(
        name=name,
        documents=imported.get("added", 0),
        refused=imported.get("refused", 0),
        import_s=import_s,
        problems=len(checked.get("problems", ())),
        passages=built.get("passages", 0),
        build_s=build_s,
        answered=answered,
        wrong=tuple(wrong if answered else [*wrong, "no question was answered from it"]),
    )


def _answered(place: Place) -> int:
    """How many questions about articles, by their titles over the whole corpus, are answered from the article meant."""
    database = f"sqlite:///{place.index}.sqlite"
    paths = {"articles": place.articles, "index": place.index, "database": database}
    assistant = open_assistant(load_settings(env_file=None).model_copy(update=paths))
    articles = assistant.index.store.articles
    answered = 0
    for article in articles[:: max(1, len(articles) // _ASKED)][:_ASKED]:
        answer = assistant.answer(Ask(f"What is known about {article.title}?"[:500]))
        answered += any(citation.article_id == article.id for citation in answer.citations)
    assistant.store.close()
    return answered


def _said(place: Place, wrong: list[str], *arguments: str, **settings: object) -> dict[str, Any]:
    """The JSON document of a command; exit 1 is what import and check end with when they refuse or find something."""
    done = run(place, *arguments, **settings)
    if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
        wrong.append(f"`followup {' '.join(arguments[:2])}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return {}
    said: dict[str, Any] = json.loads(done.stdout)
    return said
