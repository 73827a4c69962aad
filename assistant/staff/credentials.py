"""Who may sign in to the staff pages: what the settings hold of tokens and passwords, which is never the secret itself.

`FOLLOWUP_STAFF_TOKENS` holds `name:2027-01-31:SHA-256` entries, `FOLLOWUP_STAFF_PASSWORDS` `name:scrypt hash` entries; commas or
line ends part them. `followup staff token` and `followup staff password` print what to put there. There is no default.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.settings import Settings

#: Begins every token, so that one that strays into a file or a chat is recognised by tools that look for secrets.
_PREFIX = "fua_"
#: One cost for all (memory 32 MB, about 60 ms): an unknown name then takes the time of a known one.
_METHOD = "scrypt:32768:8:1"
_PASSWORD_HASH = re.compile(r"scrypt:32768:8:1\$[A-Za-z0-9]{8,64}\$[0-9a-f]{128}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: A short password is guessed; NIST SP 800-63B asks for 15 characters where nothing else is asked for.
MIN_PASSWORD = 15
#: Hashing a longer text would keep the server busy.
MAX_PASSWORD = 200
MAX_NAME = 60


class BadEntry(ValueError):
    """An entry of a setting is not what it must be; the message says which one, never what is secret in it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff who has shown a secret. `credential` tells by which one, without it: a session ends with it."""

    name: str
    credential: str


@dataclass(frozen=True, slots=True)
class Token:
    """Good until the end of the day `expires` in UTC."""

    name: str
    expires: dt.date
    sha256: str = field(repr=False)

    @property
    def credential(self) -> str:
        """What a session keeps of it."""
        return hashlib.sha256(f"token:{self.sha256}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Password:
    """As werkzeug.security keeps one: method, salt and hash."""

    name: str
    hash: str = field(repr=False)

    @property
    def credential(self) -> str:
        """What a session keeps of it."""
        return hashlib.sha256(f"password:{self.hash}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who may sign in. A name may have a password and several tokens."""

    tokens: tuple[Token, ...] = ()
    passwords: tuple[Password, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Everybody's."""
        return frozenset([*(token.name for token in self.tokens), *(password.name for password in self.passwords)])

    def by_token(self, token: str, today: dt.date) -> Member | None:
        """Whose token it is; None for one that nobody has or that has expired. Takes the same time whichever it is."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for each in self.tokens:
            if hmac.compare_digest(each.sha256, digest) and today <= each.expires:
                found = Member(each.name, each.credential)
        return found

    def by_password(self, name: str, password: str) -> Member | None:
        """Whose password it is, if it is theirs. For a name that nobody has, a hash is worked out all the same."""
        from werkzeug.security import check_password_hash

        known = next((each for each in self.passwords if each.name.casefold() == name.strip().casefold()), None)
        fits = check_password_hash(known.hash if known else _NOBODYS, _one_spelling(password[:MAX_PASSWORD]))
        return Member(known.name, known.credential) if known and fits and len(password) <= MAX_PASSWORD else None

    def still(self, member: Member, today: dt.date) -> bool:
        """Whether what a session was begun with is still good."""
        good = {each.credential for each in self.tokens if today <= each.expires} | {each.credential for each in self.passwords}
        return member.credential in good and member.name in self.names


#: The hash of a password that nobody knows.
_NOBODYS = f"{_METHOD}${'0' * 16}${'0' * 128}"


def staff_of(settings: Settings) -> Staff:
    """Who may sign in by these settings, which were checked when they were read."""
    return Staff(
        read_tokens(settings.staff_tokens.get_secret_value()), read_passwords(settings.staff_passwords.get_secret_value())
    )


def read_tokens(given: str) -> tuple[Token, ...]:
    """The entries of `FOLLOWUP_STAFF_TOKENS`. Raises `BadEntry`."""
    found = []
    for number, entry in _entries(given):
        name, *rest = entry.split(":")
        if len(rest) != 2:
            raise BadEntry(f"entry {number} is not name:2027-01-31:hash; `followup staff token` prints one")
        _check_name(name, number)
        try:
            expires = dt.date.fromisoformat(rest[0])
        except ValueError:
            raise BadEntry(f"entry {number}: the day on which the token expires is no date like 2027-01-31") from None
        if not _SHA256.fullmatch(rest[1]):
            raise BadEntry(f"entry {number}: the hash is not 64 hexadecimal digits; `followup staff token` prints it")
        found.append(Token(name, expires, rest[1]))
    _refuse_twice([each.sha256 for each in found], "the token of another entry")
    return tuple(found)


def read_passwords(given: str) -> tuple[Password, ...]:
    """The entries of `FOLLOWUP_STAFF_PASSWORDS`. Raises `BadEntry`."""
    found = []
    for number, entry in _entries(given):
        name, _, hashed = entry.partition(":")
        if not hashed:
            raise BadEntry(f"entry {number} is not name:hash; `followup staff password` prints one")
        _check_name(name, number)
        if not _PASSWORD_HASH.fullmatch(hashed):
            raise BadEntry(
                f"entry {number}: the hash is not one that `followup staff password` prints; "
                "in a shell it must stand in single quotes, since it holds $"
            )
        found.append(Password(name, hashed))
    _refuse_twice([each.name.casefold() for each in found], "the name of another entry")
    return tuple(found)


def new_token(name: str, expires: dt.date) -> tuple[str, str]:
    """A fresh token of 256 random bits, and its entry for `FOLLOWUP_STAFF_TOKENS`. Raises `BadEntry` for a bad name."""
    _check_name(name, 1)
    token = _PREFIX + secrets.token_urlsafe(32)
    return token, f"{name}:{expires.isoformat()}:{hashlib.sha256(token.encode()).hexdigest()}"


def new_password(name: str, password: str) -> str:
    """The entry of a password for `FOLLOWUP_STAFF_PASSWORDS`. Raises `BadEntry` for a bad name or a password too short."""
    from werkzeug.security import generate_password_hash

    _check_name(name, 1)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadEntry(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters, this one has {len(password)}")
    return f"{name}:{generate_password_hash(_one_spelling(password), _METHOD)}"


def _one_spelling(password: str) -> str:
    """The same accents whichever keyboard typed them."""
    return unicodedata.normalize("NFKC", password)


def _entries(given: str) -> Iterator[tuple[int, str]]:
    parts = (part.strip() for part in re.split(r"[,\n]", given))
    return enumerate((part for part in parts if part), start=1)


def _check_name(name: str, number: int) -> None:
    """What stands in the audit log and on approved articles is one short line."""
    if not name or len(name) > MAX_NAME or name != name.strip() or not name.isprintable() or set(name) & set(":,"):
        raise BadEntry(f"entry {number}: a name is 1 to {MAX_NAME} printable characters without colon and comma")


def _refuse_twice(values: list[str], what: str) -> None:
    for number, value in enumerate(values, start=1):
        if value in values[: number - 1]:
            raise BadEntry(f"entry {number} has {what}")
