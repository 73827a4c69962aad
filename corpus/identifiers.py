"""DOIs and PubMed numbers in the one form in which they can be compared."""

from __future__ import annotations

import re

#: What people paste before a DOI: an address or a label.
_DOI_LEAD = re.compile(r"(?:https?://)?(?:(?:dx|www)\.)?doi\.org/|doi:\s*", re.IGNORECASE)
#: A DOI and nothing else.
DOI = re.compile(r"10\.\d{4,9}/\S+")
_PMID_LEAD = re.compile(
    r"(?:https?://)?(?:pubmed\.ncbi\.nlm\.nih\.gov/|(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed/)|pmid:?\s*", re.IGNORECASE
)
_PMID = re.compile(r"[1-9]\d{0,8}")


def bare_doi(text: str | None) -> str | None:
    """`"https://doi.org/10.1000/A"` → `"10.1000/A"`; None for what is no DOI. Letter case is kept."""
    said = (text or "").strip()
    lead = _DOI_LEAD.match(said)
    said = said[lead.end() :] if lead else said
    return said if DOI.fullmatch(said) else None


def bare_pmid(text: str | None) -> str | None:
    """`"PMID: 123"` and PubMed addresses → `"123"`; None for what is no number (0 stands for "none" in some lists)."""
    said = (text or "").strip()
    lead = _PMID_LEAD.match(said)
    said = said[lead.end() :].rstrip("/") if lead else said
    return said if _PMID.fullmatch(said) else None


def doi_key(text: str | None) -> str | None:
    """What two spellings of one DOI share: DOIs do not tell capitals from small letters (ISO 26324)."""
    doi = bare_doi(text)
    return doi.rstrip(".,;").lower() if doi else None
