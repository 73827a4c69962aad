"""Real collections of documents from their files to an answer: imported, checked, indexed and asked, by the command line."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.events import Ask
from assistant.opening import open_assistant
from assistant.settings import load_settings
from eval.collection import load_collection
from eval.faults.commands import run
from eval.faults.worker import Place, TryFailed

if TYPE_CHECKING:
    from corpus.types import Article

_DATA = Path("../shared/data")
#: Questions that are asked of each, evenly chosen.
_ASKED = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A format, a file, what the file does not say itself, and whether questions with judged documents lie beside it."""

    form: str
    file: Path
    told: tuple[str, ...] = ()
    judged: bool = False


COLLECTIONS = {
    "guidelines": Source("guidelines", _DATA / "guideline-articles/articles.jsonl.gz"),
    "medquad": Source("beir", _DATA / "medquad/corpus.jsonl.gz", ("--source", "MedQuAD", "--licence", "CC BY 4.0"), judged=True),
}


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
    asked: int
    answered: int
    right: int  # answers that cite an article that was asked about, or that is judged to answer
    wrong: tuple[str, ...]


def import_all(limit: int | None = None) -> list[Imported]:
    """Every collection, or the first `limit` documents of each. Raises `TryFailed` where their files are not."""
    return [import_one(name, limit) for name in COLLECTIONS]


def import_one(name: str, limit: int | None = None) -> Imported:
    """One collection into an empty folder."""
    given = COLLECTIONS[name]
    if not given.file.exists():
        raise TryFailed(f"{given.file} is not here")
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as made:
        folder = Path(made)
        place = Place(folder / "articles", folder / "index")
        place.articles.mkdir()
        records = folder / f"{name}.jsonl"
        with gzip.open(given.file, "rt", encoding="utf-8") as source:
            records.write_text("".join(islice(source, limit)), "utf-8")
        wrong: list[str] = []
        started = time.perf_counter()
        imported = _said(place, wrong, "corpus", "import", given.form, str(records), *given.told, "--json")
        import_s = time.perf_counter() - started
        checked = _said(place, wrong, "corpus", "check", "--json", str(place.articles))
        started = time.perf_counter()
        built = _said(place, wrong, "index", "build", "--json")
        build_s = time.perf_counter() - started
        answers = _answers(place, given) if built else []
    return Imported(
        name=name,
        documents=imported.get("added", 0),
        refused=imported.get("refused", 0),
        import_s=import_s,
        problems=len(checked.get("problems", ())),
        passages=built.get("passages", 0),
        build_s=build_s,
        asked=len(answers),
        answered=sum(bool(cited) for cited, _ in answers),
        right=sum(not cited.isdisjoint(wanted) for cited, wanted in answers),
        wrong=tuple(wrong if any(cited for cited, _ in answers) else [*wrong, "no question was answered from it"]),
    )


def _answers(place: Place, given: Source) -> list[tuple[set[str], set[str]]]:
    """For each question over the whole corpus the articles that its answer cites, and those that it should."""
    database = f"sqlite:///{place.index}.sqlite"
    paths = {"articles": place.articles, "index": place.index, "database": database}
    assistant = open_assistant(load_settings(env_file=None).model_copy(update=paths))
    articles = assistant.index.store.articles
    questions = _judged(given, articles) if given.judged else _by_title(articles)
    answers = [
        ({citation.article_id for citation in assistant.answer(Ask(text[:500])).citations}, wanted)
        for text, wanted in questions[:: max(1, len(questions) // _ASKED)][:_ASKED]
    ]
    assistant.store.close()
    return answers


def _by_title(articles: Sequence[Article]) -> list[tuple[str, set[str]]]:
    return [(f"What is known about {article.title}?", {article.id}) for article in articles]


def _judged(given: Source, articles: Sequence[Article]) -> list[tuple[str, set[str]]]:
    """The questions of the collection's dev split of which a document was imported."""
    collection = load_collection(given.file.parent, "dev")
    ids = {article.source.id: article.id for article in articles if article.source}
    wanted = {
        query: {ids[document] for document, grade in judged.items() if grade > 0 and document in ids}
        for query, judged in collection.qrels.items()
    }
    return [(collection.queries[query], found) for query, found in wanted.items() if found]


def _said(place: Place, wrong: list[str], *arguments: str, **settings: object) -> dict[str, Any]:
    """The JSON document of a command; exit 1 is what import and check end with when they refuse or find something."""
    done = run(place, *arguments, **settings)
    if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
        wrong.append(f"`followup {' '.join(arguments[:2])}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return {}
    said: dict[str, Any] = json.loads(done.stdout)
    return said
