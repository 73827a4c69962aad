"""Whose advice a statement is: the bodies that it names, with the year of their advice ("ACR 2020", "the 2024 ESC guideline").

Read from the wording; where the wording names a body without a year, the year is that of the guideline the statement cites.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from corpus.types import Article, Passage, Reference, ReferenceType

_YEAR = r"(?:19[89]|20[0-4])\d"
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
#: An acronym, perhaps of several joined ones: "USPSTF", "ACC/AHA", "AASLD-IDSA". Bounded, like a name below: a word of
#: 100,000 capitals would take minutes.
_ACRONYM = r"(?:[A-Z][A-Za-z]{0,20}[A-Z][A-Za-z]{0,20}(?:[/&-](?:[A-Z][A-Za-z]{0,20}|\d)){0,12})"
_INSTITUTION = (
    r"(?:Society|College|Academy|Association|Organi[sz]ation|Campaign|Task Force|Committee|Foundation|Institutes?|Council|"
    r"Network|Federation|Initiative|Services|Administration|Centers?|Board|Alliance|League)"
)
#: "American Cancer Society", "US Multi-Society Task Force", "American College of Radiology".
_NAME = (
    rf"(?:(?!The )(?:[A-Z][\w-]{{1,30}} (?:and )?){{1,8}}?{_INSTITUTION}"
    r"(?: (?:of|for|on) (?:the )?[A-Z]\w+(?: (?:and )?[A-Z]\w+)*)?)"
)
#: Advice that is called by its country: "US practice parameter", "UK guidance", "US label", "European product information".
_NATION = r"(?:US|UK|EU|European|Australian|Canadian|British|American|German|French|Japanese)"
_LABEL = r"(?:(?:[a-z]+ )?(?:label(?:ling)?|product information|boxed warning))"
#: "US trastuzumab labelling" is the US label.
_DRUG_OF_LABEL = re.compile(rf"({_NATION}) (?:[a-z]+ )?(label|product information|boxed warning)(?:ling)?")
_GUIDANCE = r"(?:(?:practice )?parameter|guidance|guideline)"
_BODY = rf"(?:{_NAME}|{_NATION} {_LABEL}|{_NATION} {_GUIDANCE}|{_ACRONYM})"
_FORMS = re.compile(
    rf"\b(?P<year3>{_YEAR}) {_NATION} \((?P<body3>{_ACRONYM})"  # the 2023 US (ACC/AHA) guideline
    rf"|\b(?P<year0>{_YEAR}) (?P<body0>{_NATION}(?: {_GUIDANCE})|{_NAME}|{_ACRONYM})"  # the 2024 ESC guideline
    rf"|\b{_NATION} (?P<year4>{_YEAR}) \((?P<body4>{_ACRONYM})"  # US 2020 (NAEPP) guidance
    rf"|\b(?P<body5>{_NATION}) (?P<year5>{_YEAR})(?: {_GUIDANCE})?"  # UK 2021 guidance
    rf"|\b(?P<body1>{_BODY})(?:'s)?,? \(?(?:[a-z]+ (?:of )?)?(?:{_MONTH} )?(?P<year1>{_YEAR})"  # ACR 2020; CDC (January 2026)
    rf"|\b(?P<body2>{_BODY})"  # the US label
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """One body that a statement names; `year` is None where nothing tells it. `start:end` in the statement's text."""

    body: str
    year: int | None
    start: int
    end: int


def attributions(passage: Passage, article_of: Callable[[str], Article]) -> tuple[Attribution, ...]:
    """The bodies whose advice a statement gives, in the order they stand; none for what cites no guideline and no label."""
    article = article_of(passage.article_id)
    cited = (article.reference(mark) for mark in passage.marks)
    return _read(passage.text, tuple(one for one in cited if one and one.type is not ReferenceType.RESEARCH))


@lru_cache(maxsize=8192)
def _read(text: str, guides: tuple[Reference, ...]) -> tuple[Attribution, ...]:
    found: dict[str, Attribution] = {}
    for body, year, start, end in _named(text) if guides else ():
        if year is None:
            source = next((reference for reference in guides if _issued(reference, body)), None)
            if source is None and not re.search(_LABEL, body):
                continue  # an acronym that is no body of the references: LVEF, HIV, CKD
            year = source.year if source else None
        body = _DRUG_OF_LABEL.sub(r"\1 \2", body)
        found.setdefault(f"{body} {year}", Attribution(body, year, start, end))
    return tuple(found.values())


def _named(text: str) -> Iterator[tuple[str, int | None, int, int]]:
    for match in _FORMS.finditer(text):
        said = {name[:-1]: value for name, value in match.groupdict().items() if value}
        yield said["body"], int(said["year"]) if "year" in said else None, match.start(), match.end()


def _issued(reference: Reference, body: str) -> bool:
    """Whether a reference is of a body: "US label" of a label, "ACOG" of authors with that name or those initials."""
    if reference.type is ReferenceType.LABEL and re.search(_LABEL, body):
        return body.startswith("US") == ("US" in f"{reference.title} {reference.authors} {reference.venue}")
    if body in reference.authors:
        return True
    return all(len(part) > 2 and part in _initials(reference.authors) for part in re.split(r"[/&-]", body))


def _initials(text: str) -> str:
    """The initials of a name, an acronym whole: American College of Emergency Physicians → ACEP."""
    return "".join(word if word.isupper() else word[0] for word in re.findall(r"[A-Z][A-Za-z]*", text))
