"""Technical terms in plain words: which terms of the glossary (glossary.toml) stand in a text, and what they mean.

A gloss explains a word. It never changes what is cited, and it holds no dose, number or advice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from assistant.types import Audience, Gloss
from corpus.errors import SettingsError

SHIPPED = Path(__file__).with_name("glossary.toml")

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_WORD = re.compile(r"[^\W_]+")
#: As articles write them: a hyphen may be one that does not break, an apostrophe a typographic one.
_ANY_OF = {"-": "[-\u2010\u2011]", "'": "['\u2019]", " ": r"\s+"}


class _Row(BaseModel):
    """An entry as the file holds it; the file's head says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    term: _Text
    shown: _Text | None = None
    forms: tuple[_Text, ...] = ()
    ambiguous: tuple[_Text, ...] = ()
    context: tuple[_Text, ...] = ()
    plain: _Text
    level: Literal["everyday", "specialist"] = "everyday"
    source: _Text

    @model_validator(mode="after")
    def _holds_together(self) -> _Row:
        if any(letter.isdigit() for letter in self.plain):
            raise ValueError("plain: holds a digit; a gloss gives no numbers")
        if wordless := [form for form in (self.term, *self.forms) if not _WORD.search(form)]:
            raise ValueError(f"{wordless[0]} holds no word")
        if strange := set(self.ambiguous) - {self.term, *self.forms}:
            raise ValueError(f"ambiguous: {min(strange)} is neither the term nor one of its forms")
        if bool(self.ambiguous) != bool(self.context):
            raise ValueError("ambiguous forms need a context, and a context needs ambiguous forms")
        return self


@dataclass(frozen=True, slots=True)
class _Form:
    """One spelling of a term. `pattern` matches at the position of its first word; `context` must be found too."""

    pattern: re.Pattern[str]
    standing_alone: bool  # an abbreviation: "PE" is not in "PE/kg"
    gloss: Gloss
    specialist: bool
    context: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Glossary:
    """The forms of all terms by their first word in lower case, the longest form first."""

    forms: dict[str, tuple[_Form, ...]] = field(repr=False)

    def found(self, text: str, around: str) -> Iterator[tuple[int, int, _Form]]:
        """Where terms stand in a text, none inside another; `around` is where the context of ambiguous ones is looked for.

        A word whose first letter follows a hyphen belongs to another term: "eclampsia" is not in "pre-eclampsia", nor
        "invasive" in "non-invasive".
        """
        behind = 0
        for word in _WORD.finditer(text):
            start = word.start()
            if start < behind or (start > 1 and text[start - 1] in "-\u2010\u2011" and text[start - 2].isalnum()):
                continue
            for form in self.forms.get(word[0].lower(), ()):
                match = form.pattern.match(text, start)
                if not match or (form.standing_alone and _in_a_fraction(text, *match.span())):
                    continue
                if form.context is None or form.context.search(around):
                    behind = match.end()
                    yield start, behind, form
                    break


def glosses(texts: Sequence[str], audience: Audience) -> tuple[Gloss, ...]:
    """The terms that stand in the texts, each once, in the order of their first appearance.

    Clinicians get none, students the specialist terms, patients all. Raises `SettingsError` for a broken glossary.
    """
    if audience is Audience.CLINICIAN:
        return ()
    glossary, around = _shipped(), "\n".join(texts)
    everything = audience is Audience.PATIENT
    return tuple(
        dict.fromkeys(
            form.gloss for text in texts for _, _, form in glossary.found(text, around) if everything or form.specialist
        )
    )


def marked(text: str, around: Sequence[str] = ()) -> list[tuple[int, int, Gloss]]:
    """Where every term stands in a text (start, end, gloss), for a page to underline those that an answer explains.

    `around` are the answer's other texts: they tell which meaning an ambiguous abbreviation has.
    """
    return [(start, end, form.gloss) for start, end, form in _shipped().found(text, "\n".join((text, *around)))]


def load_glossary(path: Path = SHIPPED) -> Glossary:
    """Reads and checks a glossary. Raises `SettingsError` naming every bad entry by its place and term."""
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("entry", [])
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{path}: holds no [[entry]]")
    problems: list[str] = []
    owner: dict[str, str] = {}
    forms: list[tuple[str, _Form]] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: entry {number} ({entry.get('term', 'no term')})"
        try:
            row = _Row.model_validate(entry)
        except ValidationError as error:
            problems += [f"{where}: {_place(one['loc'])}{one['msg']}" for one in error.errors(include_url=False)]
            continue
        for form in (row.term, *row.forms):
            if form.casefold() in owner:
                problems.append(f"{where}: {form} stands twice, here and under {owner[form.casefold()]}")
            owner[form.casefold()] = row.term
            forms.append((form, _compiled(form, row)))
    if problems:
        raise SettingsError("\n".join(problems))
    return Glossary(_by_first_word(forms))


def _place(location: tuple[int | str, ...]) -> str:
    return "".join(f"{part}: " for part in location[:1])


def _by_first_word(forms: Sequence[tuple[str, _Form]]) -> dict[str, tuple[_Form, ...]]:
    by_word: dict[str, tuple[_Form, ...]] = {}
    for spelling, form in sorted(forms, key=lambda one: -len(one[0])):
        first = _WORD.findall(spelling)[0].lower()
        by_word[first] = (*by_word.get(first, ()), form)
    return by_word


def _compiled(form: str, row: _Row) -> _Form:
    """Words with two or more capitals are matched as they are written, all others in any case."""
    parts = (
        part if part in _ANY_OF else re.escape(part) if _is_abbreviation(part) else f"(?i:{re.escape(part)})"
        for part in re.split(r"([-' ])", form)
    )
    pattern = "".join(_ANY_OF.get(part, part) for part in parts)
    context = re.compile(rf"\b(?:{'|'.join(map(re.escape, row.context))})", re.IGNORECASE)
    return _Form(
        re.compile(rf"{pattern}(?![^\W_])"),
        standing_alone=_is_abbreviation(form),
        gloss=Gloss(_shown(row), row.plain, row.source),
        specialist=row.level == "specialist",
        context=context if form in row.ambiguous else None,
    )


def _shown(row: _Row) -> str:
    """The term with its abbreviation, or an abbreviation with what it stands for: "chronic kidney disease (CKD)"."""
    if row.shown:
        return row.shown
    if _is_abbreviation(row.term):
        other = next((form for form in row.forms if not _is_abbreviation(form) and not form.startswith(row.term)), None)
    else:
        other = next((form for form in row.forms if _is_abbreviation(form)), None)
    return f"{row.term} ({other})" if other and other not in row.term else row.term


def _is_abbreviation(form: str) -> bool:
    """Whether it is nothing but words with two or more capitals (or digits): CKD, eGFR, LDL-C, 5-ASA."""
    words = _WORD.findall(form)
    capitals = [sum(letter.isupper() for letter in word) for word in words]
    return max(capitals, default=0) > 1 and all(
        count > 1 or word.isdigit() or len(word) == 1 for word, count in zip(words, capitals, strict=True)
    )


def _in_a_fraction(text: str, start: int, end: int) -> bool:
    """Whether a slash joins it to another word: a unit ("mg PE/kg"), or one name of several ("AHA/ASA")."""
    return text[max(0, start - 1) : start] == "/" or (text[end : end + 1] == "/" and text[end + 1 : end + 2].isalnum())


@cache
def _shipped() -> Glossary:
    return load_glossary()
