"""A long list a page at a time, with the addresses of the pages before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request, url_for

#: Lines of a page.
SIZE = 50
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """`shown` are those from `first` to `last` of `total`, counted from 1; `pages` are addresses by what leads there."""

    shown: Sequence[T]
    total: int
    first: int
    last: int
    pages: dict[str, str]


def asked_number() -> int:
    """The page that the address asks for; the first where it asks for none."""
    asked = request.args.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else 1


def page_of(listed: Sequence[T]) -> Paged[T]:
    """The page that the address asks for; the nearest one where there is none of its number."""
    count = max(1, -(-len(listed) // SIZE))
    at = min(max(1, asked_number()), count)
    return cut_page(listed[(at - 1) * SIZE : at * SIZE], len(listed), at, count, SIZE)


def cut_page(shown: Sequence[T], total: int, at: int, count: int, size: int) -> Paged[T]:
    """A page that was cut already: the `at`th of `count`."""
    kept = {name: value for name, value in request.args.items() if name not in ("page", "done") and value}
    near = {"Previous": at - 1, "Next": at + 1}
    pages = {
        name: url_for(str(request.endpoint), **{**(request.view_args or {}), **kept}, page=page)
        for name, page in near.items()
        if 1 <= page <= count
    }
    begin = (at - 1) * size
    return Paged(shown, total, begin + 1 if shown else 0, begin + len(shown), pages)
