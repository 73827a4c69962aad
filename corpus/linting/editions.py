"""Finds guidelines whose newer edition is listed, in the same article or in another one.

Two guidelines are editions of one when they share a body and every word of their topic, read from title and authors. Over
the 121 dated guidelines of the shipped articles that finds six, each of one body on one topic. Topics that share six words
in ten found eleven, six of them wrong: a body writes on diabetes in kidney disease and on kidney disease, on breast and on
lung cancer. A focused update stands beside what it updates and replaces nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.identifiers import doi_key
from corpus.linting.types import Found, Known
from corpus.types import Article, Reference, ReferenceType

_INSTITUTION = (
    r"(?:Society|Societies|College|Academy|Association|Organi[sz]ation|Campaign|Task Force|Committee|Foundation|Institutes?|"
    r"Council|Network|Federation|Initiative|Services|Administration|Centers?|Board|Alliance|League)"
)
#: "American College of Cardiology", "European Society of Cardiology", "Global Initiative for Asthma". Bounded, so that a
#: line of 100,000 capitals is read in no time.
_NAME = re.compile(
    rf"(?:[A-Z][\w-]{{1,30}} ){{0,5}}?{_INSTITUTION}(?: (?:of|for|on|in)(?: the)?(?: (?:and )?[A-Z][\w-]{{1,30}}){{1,5}})?"
)
_ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]{0,12}[A-Z](?![a-z])")
#: Also "1" of "type 1"; years are no topic.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]+|(?<![\d.])\d{1,2}(?![\d.])")
#: The words of every guideline's title; what is left is its topic.
_COMMON = frozenset(
    "a an and as at by for from in into of on or the to with without their its using use based "
    "guideline guidelines guidance statement recommendation recommendations consensus report reports strategy standards care "
    "clinical practice official international national global joint expert panel task force update updated updates evidence "
    "management managing treatment treating diagnosis diagnosing evaluation prevention assessment approach approaches therapy "
    "society societies college academy association organization organisation group committee working american european british "
    "patients people persons adults adult us uk document executive summary part series final edition focused "
    "parameter systematic review expert grade analysis prepared cosponsored".split()
)
#: "Golden DBK": a person's, not a body's.
_INITIALS = re.compile(r"(?<=[a-z] )[A-Z]{1,4}(?=,|;|\.| et\b| and\b|$)")
_PARTIAL = re.compile(r"focused update|addendum|supplement|an update to|erratum|corrigendum|summary of|commentary", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Edition:
    article: Article
    position: int
    reference: Reference
    year: int


def newer_editions(articles: Sequence[Article], known: Known) -> Iterator[tuple[Article, Found]]:
    """Each older guideline once, with its newest edition; declared ones (`superseded_by`) are not told again."""
    editions = [
        _Edition(article, position, reference, reference.year)
        for article in articles
        for position, reference in enumerate(article.references)
        if reference.type is ReferenceType.GUIDELINE and reference.year
    ]
    alike: dict[frozenset[str], list[_Edition]] = defaultdict(list)
    for edition in editions:
        alike[_topic(edition.reference.title)].append(edition)
    for topic, group in alike.items():
        for older in group if topic else ():
            newer = [one for one in group if _replaces(one, older)]
            if newer and not older.reference.superseded_by:
                yield older.article, _found(older, max(newer, key=lambda one: one.year))


def _found(older: _Edition, newer: _Edition) -> Found:
    where = "" if newer.article is older.article else f" of {newer.article.id}"
    said = (
        f"reference {older.reference.id} is of {older.year}; reference {newer.reference.id}{where} looks like "
        f"its edition of {newer.year}: {newer.reference.title}"
    )
    return Found("newer-edition", said, ("references", older.position))


def _replaces(one: _Edition, older: _Edition) -> bool:
    if one.year <= older.year or _PARTIAL.search(one.reference.title):
        return False
    return not _bodies(one.reference).isdisjoint(_bodies(older.reference)) and not _same_paper(one.reference, older.reference)


def _same_paper(one: Reference, other: Reference) -> bool:
    """One paper that two articles date differently: printed, and ahead of print."""
    return bool(one.doi) and doi_key(one.doi) == doi_key(other.doi)


@lru_cache(maxsize=65536)
def _topic(title: str) -> frozenset[str]:
    """The words that tell what a guideline is about, each without its plural ending."""
    said = _ACRONYM.sub(" ", _NAME.sub(" ", title))
    words = (word.lower() for word in _WORD.findall(said))
    return frozenset(word.removesuffix("s") for word in words if word not in _COMMON)


@lru_cache(maxsize=65536)
def _bodies(reference: Reference) -> frozenset[str]:
    """Who issued a guideline, as initials: "American College of Cardiology" and "ACC" are one."""
    said = f"{reference.title}; {_INITIALS.sub('', reference.authors)}"
    initials = ("".join(re.findall(r"\b[A-Z]", match[0])) for match in _NAME.finditer(said))
    acronyms = (acronym.upper() for acronym in _ACRONYM.findall(said))
    return frozenset(body for body in (*initials, *acronyms) if len(body) > 2)
