"""Reads the YAML front matter of an article: strict, and every complaint has the line it is about.

Knows the keys and their types; nothing of the body below.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from yaml.reader import ReaderError

from corpus.identifiers import DOI
from corpus.types import Condition, Note, Position, Problem, Reference, ReferenceType, Source, Status, Withdrawal

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Path = tuple[str | int, ...]

#: Deeper nests no front matter.
_DEEPEST = 30
_STATUS_WORD = re.compile(r"submitted|under[ _]review|approved", re.IGNORECASE)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reference(_Strict):
    id: Annotated[int, Field(ge=1)]
    type: ReferenceType
    title: Text
    authors: Text
    venue: Text
    year: Annotated[int, Field(ge=1800, le=2200)] | None = None
    doi: Annotated[str, StringConstraints(pattern=f"^{DOI.pattern}$")] | None = None
    pmid: Annotated[str, StringConstraints(pattern=r"^\d{1,9}$")] | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    retracted: dt.date | None = None
    superseded_by: Text | None = None


class _Source(_Strict):
    name: Text
    id: Text
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    licence: Text
    sha256: Sha256
    imported: dt.date


class _Withdrawal(_Strict):
    since: dt.date
    reason: Text


class _Note(_Strict):
    text: Text
    statements: Annotated[tuple[Text, ...], Field(min_length=1)]

    def value(self) -> Note:
        return Note(self.text, self.statements)


class _Position(_Strict):
    body: Text
    year: Annotated[int, Field(ge=1800, le=2200)] | None = None
    statements: Annotated[tuple[Text, ...], Field(min_length=1)]

    def value(self) -> Position:
        return Position(self.body, self.year, self.statements)


class FrontMatter(_Strict):
    """The keys of an article's front matter, as in FORMAT.md."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    title: Text
    heading: Text
    specialty: Text
    status: Status
    last_updated: dt.date
    reviewed_by: Text | None = None
    reviewed_on: dt.date | None = None
    reviewed_sha256: Sha256 | None = None
    source: _Source | None = None
    withdrawn: _Withdrawal | None = None
    review_notes: tuple[_Note, ...] = ()
    references: tuple[_Reference, ...] = ()
    plain_summary: tuple[_Note, ...] = ()
    questions: tuple[_Note, ...] = ()
    conditions: dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]] | None = None
    disagreements: tuple[Annotated[tuple[_Position, ...], Field(min_length=2)], ...] | None = None

    @field_validator("status", mode="before")
    @classmethod
    def _least_approved(cls, value: object) -> object:
        """Where several status words stand ("Submitted → Approved", or a list), the least approved wins."""
        said = str(value)
        words = [match.lower().replace(" ", "_") for match in _STATUS_WORD.findall(said)]
        if not words or re.search(r"\w", _STATUS_WORD.sub("", said)):
            return value  # refused by the type: "not approved" is no status
        return Status.least([Status(word) for word in words])

    @model_validator(mode="after")
    def _approval_has_a_name(self) -> FrontMatter:
        if self.status is Status.APPROVED and not self.reviewed_by:
            raise ValueError("status is approved but reviewed_by names nobody")
        return self

    def reference_values(self) -> tuple[Reference, ...]:
        """The references as plain values."""
        return tuple(Reference(**reference.model_dump()) for reference in self.references)

    def condition_values(self) -> tuple[Condition, ...] | None:
        """The declared conditions as plain values."""
        if self.conditions is None:
            return None
        return tuple(Condition(statement, needs) for statement, needs in self.conditions.items())

    def disagreement_values(self) -> tuple[tuple[Position, ...], ...] | None:
        """The declared disagreements as plain values."""
        if self.disagreements is None:
            return None
        return tuple(tuple(position.value() for position in positions) for positions in self.disagreements)

    def source_value(self) -> Source | None:
        """Where the article was imported from, or None."""
        return Source(**self.source.model_dump()) if self.source else None

    def withdrawal(self) -> Withdrawal | None:
        """Since when and why the article is withdrawn, or None."""
        return Withdrawal(self.withdrawn.since, self.withdrawn.reason) if self.withdrawn else None


#: Front matter, the line of every key path, problems.
Read = tuple[FrontMatter | None, dict[Path, int], list[Problem]]


class _Loader(yaml.SafeLoader):
    """Plain YAML: no aliases (one may contain itself, or grow ten lines into gigabytes) and no merge keys.

    Dates stay text, so that a bad one is reported with its key and line like every other value.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark: Any = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # its stub has no types
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leaves `<<` a key like any other; it has no constructor."""


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


class _Fast(yaml.CSafeLoader):
    """The same with libyaml, which is five times as fast. It takes a document in one piece, so it is looked at before."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """As in `_Loader`."""


for _each in (_Loader, _Fast):
    _each.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def read_front_matter(source: str, path: str) -> Read:
    """Validated front matter (None when broken), the line of every key path, and every problem found.

    `source` is the YAML between the `---` lines; its first line is line 2 of the file.
    """
    if _reads_alike(source):
        read = _read(_Fast, source, path)
        if not read[2]:
            return read
    return _read(_Loader, source, path)  # what is wrong is said in PyYAML's words, with its lines


def _reads_alike(source: str) -> bool:
    """Whether libyaml takes it as PyYAML does: no tab or byte order mark, no alias, no depth that overflows its stack.

    200,000 nested lists end the process. Of 35,893 shipped front matters with a byte changed 4 were then taken otherwise.
    """
    if "\t" in source or "\ufeff" in source:
        return False
    depth = 0
    try:
        for event in yaml.parse(source, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                return False
    except yaml.YAMLError:
        return False
    return True


def _read(loading: type[_Loader | _Fast], source: str, path: str) -> Read:
    try:
        loader = loading(source)
        node = loader.get_single_node()
    except (yaml.YAMLError, RecursionError) as error:
        return None, {}, [_invalid(path, error, source)]
    if not isinstance(node, yaml.MappingNode):
        return None, {}, [Problem(path, 2, "front matter is not a list of `key: value` lines")]

    lines: dict[Path, int] = {(): 1}
    problems = list(_walk(node, (), lines, path))
    try:
        return FrontMatter.model_validate(loader.construct_document(node)), lines, problems
    except ValidationError as error:
        problems += [_problem(path, lines, detail["loc"], detail["msg"]) for detail in error.errors(include_url=False)]
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a value that is not of its explicit tag, `!!int x`
        problems.append(_invalid(path, error, source))
    return None, lines, problems


def _invalid(path: str, error: Exception, source: str) -> Problem:
    """What PyYAML could not take, on one line."""
    line, said = 2, str(error).partition("\n")[0]
    if isinstance(error, yaml.MarkedYAMLError):
        line, said = (error.problem_mark.line + 2 if error.problem_mark else 2), error.problem or said
    elif isinstance(error, ReaderError):
        line, said = 2 + source.count("\n", 0, error.position), f"the character U+{error.character:04X} is not allowed"
    elif isinstance(error, RecursionError):
        said = "nested too deeply"
    return Problem(path, line, f"front matter is not valid YAML: {said}")


def _walk(node: yaml.Node, at: Path, lines: dict[Path, int], path: str) -> Iterator[Problem]:
    """Notes the line of every key path and reports keys given twice (YAML would keep the last one in silence)."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 2
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused when the document is constructed
            if key.value in seen:
                yield Problem(path, line, f"`{key.value}` is given twice, first on line {seen[key.value]}")
            seen.setdefault(key.value, line)
            lines[(*at, key.value)] = line
            yield from _walk(value, (*at, key.value), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            lines[(*at, position)] = value.start_mark.line + 2
            yield from _walk(value, (*at, position), lines, path)


def _problem(path: str, lines: dict[Path, int], where: Path, message: str) -> Problem:
    known = where
    while known not in lines:
        known = known[:-1]
    name = ".".join(str(part) for part in where) or "front matter"
    return Problem(path, lines[known], f"{name}: {message.removeprefix('Value error, ')}")
