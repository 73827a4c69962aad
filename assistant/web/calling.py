"""Numbers that a finger can call: the telephone numbers of a signpost's text become links, and so does the site it names."""

from __future__ import annotations

import re
from functools import cache

from flask import Blueprint
from markupsafe import Markup, escape

from assistant.safety.tables import load_regions

routes = Blueprint("calling", __name__)

#: In the table of regions: three or more digits, in groups or not. "24 hours" and "8 am" are too short.
_NUMBER = re.compile(r"(?<![\d-])\d(?:[ -]?\d){2,}(?![\d-])")
_SITE = "findahelpline.com"


@routes.app_template_filter("callable")
def with_links(text: str) -> Markup:
    """A fixed text with every number that the table of regions gives as a link. All else is escaped and unchanged."""
    parts = _known().split(text)
    return Markup("").join(_link(part) if at % 2 else escape(part) for at, part in enumerate(parts))


@cache
def _known() -> re.Pattern[str]:
    """The numbers of all regions, the longest first, and the site."""
    numbers = {found for region in load_regions().values() for said in region.places.values() for found in _NUMBER.findall(said)}
    longest_first = sorted(map(re.escape, numbers), key=lambda number: (-len(number), number))
    return re.compile(rf"((?<![\d-])(?:{'|'.join(longest_first)})(?![\d-])|{re.escape(_SITE)})")


def _link(called: str) -> Markup:
    address = f"https://{_SITE}" if called == _SITE else f"tel:{re.sub(r'[^0-9]', '', called)}"
    return Markup('<a href="{}" rel="noopener">{}</a>').format(address, called)
