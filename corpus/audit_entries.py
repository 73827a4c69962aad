"""The words of the audit log: an act, its entry, its line; and how one line is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

#: What the first entry stands after.
START = "0" * 64
#: What every line begins with: the first key in the order of the alphabet.
BEGINNING = b'{"action":"'


class Action(StrEnum):
    """What can be done. `undone`: the act of an earlier entry did not take place."""

    REVIEW = "review"
    APPROVE = "approve"
    SEND_BACK = "send-back"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    RETRACT = "retract"
    UNDONE = "undone"
    IMPORT = "import"
    IMPORT_RETRACTIONS = "import-retractions"
    REINDEX = "reindex"
    ROLLBACK = "rollback"
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"
    DELETE_QUESTION = "delete-question"
    DELETE_FEEDBACK = "delete-feedback"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `at` is UTC, ISO 8601; `previous` is the hash of the entry before it."""

    sequence: int
    at: str
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any] = field(hash=False)
    previous: str
    hash: str

    @property
    def own_hash(self) -> str:
        """What `hash` must be: SHA-256 of everything else in it, the previous hash included."""
        values = self.values
        del values["hash"]
        return hashlib.sha256(canonical(values)).hexdigest()

    @property
    def line(self) -> bytes:
        """Its line in the log, in the one way it can be written, with its line end."""
        return canonical(self.values) + b"\n"

    @property
    def values(self) -> dict[str, Any]:
        """Its keys and values; `asdict` copies the details too and takes three times as long."""
        return {key: getattr(self, key) for key in self.__slots__}


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ended when the last entry was added."""

    count: int
    hash: str


ENTRY = TypeAdapter(Entry)
HEAD = TypeAdapter(Head)


def read_entry(line: bytes) -> Entry | None:
    """The entry of a line, or None where the line is not what `append` wrote: one changed byte is enough."""
    try:
        entry = ENTRY.validate_python(json.loads(line))
        whole = entry.line == line and entry.own_hash == entry.hash
    except (ValueError, RecursionError):
        return None
    return entry if whole else None


def canonical(values: Mapping[str, Any]) -> bytes:
    """The one JSON text of values. ASCII: nothing in it can move a terminal's cursor or look like another letter."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
