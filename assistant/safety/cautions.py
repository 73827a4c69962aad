"""Fixed caveats under an answer: personal dosing, children, pregnancy, weak kidneys or liver, stopping or combining drugs.

Deterministic, from cautions.toml. A caveat adds to an answer; it never changes or withholds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.safety.phrases import Finder
from assistant.safety.tables import FOLDER, parse_phrases, read_table
from assistant.safety.text import read_message
from corpus.errors import SettingsError

#: Earlier questions of the reader that still say whom the question is about.
EARLIER_QUESTIONS = 3
#: Words by which a question is about somebody.
_PERSON = frozenset(
    (
        "i me my mine myself we us our he him his she her hers dad father mum mom mother husband wife partner son "
        "daughter brother sister grandma grandpa gran nan grandad grandfather grandmother friend"
    ).split()
)


class _CautionRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Literal["person", "anyone"]
    text: Annotated[str, Field(min_length=1)]
    phrases: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class _Cautions:
    rows: dict[str, _CautionRow]
    finder: Finder


def caveats(question: str, earlier: Sequence[str] = ()) -> tuple[str, ...]:
    """The texts that belong under the answer to a question, asked after `earlier` ones (oldest first), in the table's order."""
    table = _load()
    messages = [read_message(text) for text in (question, *reversed(earlier[-EARLIER_QUESTIONS:]))]
    told = {name for message in messages for name in table.finder.find(message, frozenset())}
    asked = set(table.finder.find(messages[0], frozenset()))
    somebody = any(not _PERSON.isdisjoint(message.words) for message in messages)
    return tuple(
        row.text for name, row in table.rows.items() if (name in told if row.who == "anyone" else name in asked and somebody)
    )


@lru_cache(maxsize=1)
def _load(folder: Path = FOLDER) -> _Cautions:
    """The shipped table. Raises `SettingsError` naming the row that is wrong."""
    table = read_table(folder / "cautions.toml")
    rows = {}
    for name, row in table.get("cautions", {}).items():
        try:
            rows[name] = _CautionRow.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise SettingsError(f"cautions.toml, caution {name!r}: {first['loc']}: {first['msg']}") from error
    written = {name: row.phrases for name, row in rows.items()}
    return _Cautions(rows, Finder(parse_phrases(written, table.get("sets", {}), "cautions.toml, caution")))
