"""Reads JSON bodies strictly: what Flask would let through or fail on (NaN, repeated keys, half surrogates, 200,000
nested lists → 500) is refused with a reason that never repeats what was sent.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import HTTPException

from corpus.errors import FollowupError

#: No body of the API nests deeper than this.
MAX_DEPTH = 8


class BodyRefused(FollowupError):
    """The body is not a JSON object that can be taken; `status` is 415 or 400."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class StrictRequest(Request):
    """A request whose `get_json` is always strict, whatever its caller asks for."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as a JSON object. Raises `BodyRefused`."""
        if self.mimetype != "application/json":
            raise BodyRefused(f"the body is {self.mimetype or 'of no type'}; send application/json", status=415)
        try:
            body = self.get_data(cache=True)
            self.stream.read(1)  # 413 for a chunked body over the limit, which get_data() cuts off in silence
        except (FollowupError, HTTPException):
            raise
        except Exception as error:  # the server's own kinds: chunks that are none, a client that is gone
            raise BodyRefused("the body breaks off or its chunks are malformed") from error
        return parse_object(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """One JSON object. Raises `BodyRefused`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyRefused(f"the body is not UTF-8 at byte {error.start}") from None
    if _depth(text) > MAX_DEPTH:
        raise BodyRefused(f"the body nests deeper than {MAX_DEPTH} levels")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise BodyRefused(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:  # an integer of more than 4,300 digits
        raise BodyRefused("the body holds a number that is too long") from None
    if not isinstance(value, dict):
        raise BodyRefused("the body is not a JSON object")
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # "\\ud800" is valid JSON, but no text that can be stored
        raise BodyRefused("the body holds half a surrogate pair; send valid Unicode", status=422) from None
    return value


def _depth(text: str) -> int:
    """Deepest nesting of lists and objects; brackets inside strings do not count."""
    depth = deepest = 0
    inside = escaped = False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    raise BodyRefused(f"the body holds {name}, which is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BodyRefused("the body gives a key twice")
    return value
