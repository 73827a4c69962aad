"""The data of the query browser: every query with its measures, hits and missed gold, small enough to be carried in the page.

    {"title", "measures": [name], "primary": name | null, "configurations": [label],
     "stages": [[name] a configuration], "documents": [[title, text]],
     "queries": [{"id", "text", "kind",
                  "results": [null | {"values": [number | null, by measure],
                                      "hits": [[id, score, grade, place in documents, [stage's score | null]]],
                                      "ranked": how many documents were ranked,
                                      "missed": [[id, grade, rank | null, place in documents | null]]}]}]}

A document that several configurations find stands in it once: 323 queries with 10 hits each of 5 configurations of NFCorpus
need 2 MB instead of 10. Texts are cut, since nobody reads 600 characters of 50 hits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

from markupsafe import Markup

from eval.page.groups import Group
from eval.page.tables import shortened
from eval.results import QueryResult

#: Characters of a document's text that are kept, and of its title.
TEXT_CHARACTERS, TITLE_CHARACTERS = 600, 200
#: Written as JSON escapes: `<` could end or reopen the script element, U+2028 and U+2029 end a line of JavaScript.
_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


class _Documents:
    """Texts by number; `of_id` finds one by its document, for the gold that only another query or configuration found."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self.of_id: dict[str, int] = {}

    def number(self, id: str, title: str, text: str) -> int:
        row = (shortened(title, TITLE_CHARACTERS), shortened(text, TEXT_CHARACTERS))
        if row not in self._numbers:
            self._numbers[row] = len(self.rows)
            self.rows.append(row)
        self.of_id.setdefault(id, self._numbers[row])
        return self._numbers[row]


def browser_data(group: Group) -> dict[str, Any]:
    """What is drawn above."""
    documents = _Documents()
    hits = [[hit for query in one.result.queries for hit in query.hits] for one in group.results]
    stages = [list(dict.fromkeys(name for hit in some for name in hit.stages)) for some in hits]
    for hit in chain.from_iterable(hits):
        documents.number(hit.id, hit.title, hit.text)
    queries = []
    for key in group.query_ids:
        found = [queries_.get(key) for queries_ in group.by_id]
        first = next(query for query in found if query is not None)
        results = [
            None if query is None else _result(query, group.measures, names, documents)
            for query, names in zip(found, stages, strict=True)
        ]
        queries.append({"id": key, "text": first.text, "kind": first.kind, "results": results})
    return {
        "title": f"{group.title} ({group.command})",
        "measures": list(group.measures),
        "primary": group.primary,
        "configurations": [one.label for one in group.results],
        "stages": stages,
        "documents": documents.rows,
        "queries": queries,
    }


def as_script(data: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: no text in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))  # noqa: S704  # escaped above, for a script element


def _result(query: QueryResult, measures: tuple[str, ...], stages: list[str], documents: _Documents) -> dict[str, Any]:
    shown = {hit.id for hit in query.hits}
    ranks = {document: rank for rank, (document, _) in enumerate(query.ranking, start=1)}
    missed = [(id, grade) for id, grade in query.gold.items() if grade > 0 and id not in shown]
    return {
        "values": [query.measures.get(name) for name in measures],
        "hits": [
            [
                hit.id,
                hit.score,
                hit.grade,
                documents.number(hit.id, hit.title, hit.text),
                [hit.stages.get(name) for name in stages],
            ]
            for hit in query.hits
        ],
        "ranked": len(query.ranking),
        "missed": [
            [id, grade, ranks.get(id), documents.of_id.get(id)]
            for id, grade in sorted(missed, key=lambda pair: (-pair[1], ranks.get(pair[0], len(ranks) + 1)))
        ],
    }
