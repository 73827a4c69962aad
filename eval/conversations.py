"""Reads conversations: each turn with what was asked before it, the gold rewrite that stands alone, and the gold documents.

A file is JSON lines, plain or gzip, one line a turn:

    {"_id", "conversation", "history": [{"role": "user" | "assistant" | "title", "text"}], "utterance", "rewrite"}
    + "relevant": [document ids]    where there are documents to be found; none: nothing answers this turn
    + "kind"                        what kind of turn it is; else `kind_of` names it by the rewrite
    + "changed", "health"           whether the rewrite differs from what was typed, and whether the turn is about health

Where there are documents they lie beside the file as a BEIR corpus. Nothing is left out in silence (`notes`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.collection import CORPUS, Document, load_documents
from eval.datasets import DatasetError, read_text
from index.files import sha256_of

OPENING, STAND_ALONE, PRONOUN, ELLIPSIS, UNANSWERABLE = "opening", "stand-alone", "pronoun", "ellipsis", "unanswerable"
#: What the product has to beat, and what it has to come near to.
UPPER = "gold"
BASELINES = ("last-turn", "all-turns", "first-last", UPPER)
#: Turns on a topic that the conversation did not begin with.
SWITCHED = ("switch-elliptic", "switch-explicit", "after-switch")
_PRONOUN = re.compile(r"\b(it|its|they|them|their|theirs|this|that|these|those|he|him|his|she|her|hers|ones?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """One question of a conversation. `before` are the reader's earlier questions, oldest first; `title` what was open."""

    id: str
    conversation: str
    kind: str
    title: str
    before: tuple[str, ...]
    question: str
    rewrite: str
    changed: bool
    health: bool
    relevant: tuple[str, ...]

    @property
    def baselines(self) -> dict[str, str]:
        """What each baseline searches, by its name; the gold rewrite is the upper bound."""
        said = [*([self.title] if self.title else []), *self.before]
        texts = (self.question, " ".join([*said, self.question]), " ".join([*said[:1], self.question]), self.rewrite)
        return dict(zip(BASELINES, texts, strict=True))


@dataclass(frozen=True, slots=True)
class Conversations:
    """A file of turns, and the documents that answer them; without documents only the wording can be measured."""

    name: str
    split: str
    turns: tuple[ConversationTurn, ...] = field(repr=False)
    documents: tuple[Document, ...] = field(repr=False)
    files: Mapping[str, str]  # file -> SHA-256
    notes: tuple[str, ...]

    def about(self) -> dict[str, Any]:
        """For a result file."""
        return {
            "name": self.name,
            "split": self.split,
            "digest": hashlib.sha256(json.dumps(dict(self.files), sort_keys=True).encode()).hexdigest(),
            "documents": len(self.documents),
            "queries": len(self.turns),
            "conversations": len({turn.conversation for turn in self.turns}),
            "files": dict(self.files),
        }


class _Said(BaseModel):
    role: str
    text: str


class _Row(BaseModel):
    """A line as it is read; what else a file says is its own business."""

    model_config = ConfigDict(strict=True)

    id: str = Field(alias="_id", pattern=r"^\S+$")


class _Line(_Row):
    conversation: str
    history: list[_Said]
    utterance: str = Field(pattern=r"\S")
    rewrite: str = Field(pattern=r"\S")
    relevant: list[str] | None = None
    kind: str | None = None
    changed: bool | None = None
    health: bool = False

    def turn(self) -> ConversationTurn:
        before = tuple(said.text for said in self.history if said.role == "user" and said.text.strip())
        changed = self.utterance != self.rewrite if self.changed is None else self.changed
        return ConversationTurn(
            id=self.id,
            conversation=self.conversation,
            kind=self.kind or kind_of(self.utterance, before, changed, self.relevant),
            title=": ".join(said.text for said in self.history if said.role == "title"),
            before=before,
            question=self.utterance,
            rewrite=self.rewrite,
            changed=changed,
            health=self.health,
            relevant=tuple(self.relevant or ()),
        )


Row = TypeVar("Row", bound=_Row)


def is_conversations(path: Path) -> bool:
    """Whether a file holds turns of conversations, by its first line; a file that cannot be read is not one."""
    try:
        first = json.loads(read_text(path).partition("\n")[0])
    except (DatasetError, ValueError):
        return False
    return isinstance(first, dict) and "utterance" in first


def load_conversations(path: Path, corpus: Path | None = None) -> Conversations:
    """The turns of a file and, where it names documents, those of `corpus`, a folder in the BEIR layout.

    The folder is `medquad` beside the file's own folder unless given. Raises `DatasetError`.
    """
    lines = _rows(path, _Line)
    turns = [line.turn() for line in lines]
    files, notes, documents = {path.name: sha256_of(path)}, list[str](), tuple[Document, ...]()
    if any(line.relevant is not None for line in lines):
        folder = corpus or path.parent.parent / "medquad"
        if not folder.is_dir():
            raise DatasetError(f"{folder}: data not present; give --corpus the folder of the documents that {path.name} names")
        corpus_path = next((file for file in (folder / CORPUS, folder / f"{CORPUS}.gz") if file.is_file()), folder / CORPUS)
        documents = load_documents(corpus_path, notes)
        files[f"{folder.name}/{corpus_path.name}"] = sha256_of(corpus_path)
        turns = _measurable(turns, {document.id for document in documents}, notes)
    elif corpus:
        raise DatasetError(f"{path}: no line names `relevant` documents, so {corpus} / {CORPUS} has nothing to be measured by")
    split = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return Conversations(path.resolve().parent.name, split, tuple(turns), documents, files, tuple(notes))


def kind_of(question: str, before: Sequence[str], changed: bool, relevant: Sequence[str] | None) -> str:
    """The kind of a turn whose file does not say: by the history, by whether a person changed the wording, by its pronouns."""
    if relevant is not None and not relevant:
        return UNANSWERABLE
    if not before:
        return OPENING
    if not changed:
        return STAND_ALONE
    return PRONOUN if _PRONOUN.search(question) else ELLIPSIS


def _measurable(turns: Sequence[ConversationTurn], there: set[str], notes: list[str]) -> list[ConversationTurn]:
    """The turns that have a gold document in the corpus, and those that nothing answers."""
    lost = [turn.id for turn in turns if turn.relevant and not there.intersection(turn.relevant)]
    missing = sorted({document for turn in turns for document in turn.relevant} - there)
    if missing:
        notes.append(f"{len(missing)} gold documents are not in the corpus, the first is {missing[0]}; they count as never found")
    if lost:
        notes.append(f"{len(lost)} turns have no gold document in the corpus and are left out; the first is {lost[0]}")
    kept = [turn for turn in turns if turn.id not in set(lost)]
    if not any(turn.relevant for turn in kept):
        raise DatasetError(f"nothing to measure: none of {len(turns)} turns has a gold document in the corpus; see --corpus")
    return kept


def _rows(path: Path, kind: type[Row]) -> list[Row]:
    rows: dict[str, Row] = {}
    for number, text in enumerate(read_text(path).removesuffix("\n").split("\n"), start=1):
        try:
            row = kind.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise DatasetError(f"{path}:{number}: {where}: {first['msg']}") from error
        if row.id in rows:
            raise DatasetError(f"{path}:{number}: the id {row.id} stands twice")
        rows[row.id] = row
    return list(rows.values())
