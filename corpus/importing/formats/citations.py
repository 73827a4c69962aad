"""References that a document lists in words: which block they begin at, what each says, and the marks that name them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from corpus.importing.formats.outline import MARK, Block, Heading, Item, Table, mark
from corpus.types import Reference, ReferenceType

DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>]*[^\s\"'<>.,;:)\]]")
_PMID = re.compile(r"(?:\bPMID\s*:?\s*|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)(\d{1,9})", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s/<>\"]+[^\s<>\"]*[^\s<>\".,;:)\]]")
_YEAR = re.compile(r"(?<![\d/.-])(?:18|19|20)\d{2}(?![\d/-])")
_GUIDELINE = re.compile(
    r"\b(?:guidelines?|recommendation statement|consensus statement|position statement|standards of care)\b", re.IGNORECASE
)
#: A heading over a list of references, numbered or not: "References", "7. Bibliography", "Reference list".
_OVER = re.compile(
    r"(?:\d+\.?\s+)?(?:references?(?: list)?|bibliography|literature(?: cited)?|works cited|citations|endnotes)\s*:?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*(?:\[(\d{1,3})\]|\((\d{1,3})\)|(\d{1,3})[.)](?=\s))\s*")
_BRACKETED = re.compile(r"\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]")
_TURN = re.compile(r"\s*([,;–-])\s*")


def reference(number: int, text: str, *, links: Iterable[str] = ()) -> Reference:
    """A reference from its wording: whole as the title, with the year, DOI, PubMed number and address that stand in it."""
    text = MARK.sub("", " ".join(text.split()))
    known = " ".join([text, *links])
    doi, pmid, url = DOI.search(known), _PMID.search(known), _URL.search(known)
    years = _YEAR.findall(DOI.sub("", _URL.sub("", text)))
    return Reference(
        id=number,
        type=kind_of(text),
        title=text,
        authors="",
        venue="",
        year=int(years[0]) if len(set(years)) == 1 else None,
        doi=doi[0] if doi else None,
        pmid=pmid[1] if pmid else None,
        url=url[0] if url else None,
    )


def kind_of(title: str) -> ReferenceType:
    """A guideline where its title says so, else research."""
    return ReferenceType.GUIDELINE if _GUIDELINE.search(title) else ReferenceType.RESEARCH


def is_over_references(heading: str) -> bool:
    """Whether a heading says that nothing but references follows."""
    return _OVER.fullmatch(heading.strip()) is not None


def taken_out(blocks: Sequence[Block]) -> tuple[list[Block], tuple[Reference, ...]]:
    """The blocks without the last list of references among them, and its references.

    The list is what stands under a heading that says so, up to the next heading of its level. A heading over nothing that
    reads as a list of references stays as it is.
    """
    starts = [at for at, block in enumerate(blocks) if isinstance(block, Heading) and is_over_references(block.text)]
    if not starts:
        return list(blocks), ()
    start = starts[-1]
    level = blocks[start].level  # type: ignore[union-attr]  # it is a Heading
    end = next((at for at in range(start + 1, len(blocks)) if _ends(blocks[at], level)), len(blocks))
    listed = _entries(blocks[start + 1 : end])
    if not listed:
        return list(blocks), ()
    return [*blocks[:start], *blocks[end:]], tuple(reference(number, text) for number, text in listed.items())


def _ends(block: Block, level: int) -> bool:
    return isinstance(block, Heading) and block.level <= level


def _entries(blocks: Sequence[Block]) -> dict[int, str]:
    """The references by number: items as they are counted, paragraphs by the number they begin with; {} when unclear."""
    listed: dict[int, str] = {}
    for block in blocks:
        if isinstance(block, Heading | Table):
            return {}
        found = _NUMBER.match(block.text)
        typed = int(next(filter(None, found.groups()))) if found else None
        text = block.text[found.end() :] if found else block.text
        if isinstance(block, Item) and block.number is not None:
            number, text = block.number, block.text
        elif typed is not None and typed not in listed:
            number = typed
        elif isinstance(block, Item):
            number = len(listed) + 1
        elif listed:  # a paragraph that goes on with the reference before it
            last = next(reversed(listed))
            listed[last] += f" {block.text}"
            continue
        else:
            return {}
        if number in listed or number < 1:
            return {}
        listed[number] = text
    return listed


def with_marks(blocks: Iterable[Block], ids: Collection[int]) -> list[Block]:
    """The blocks with marks for the numbers in brackets that name only listed references: "[2]", "[1, 3]", "[4-6]"."""
    return [_marked(block, ids) for block in blocks] if ids else list(blocks)


def _marked(block: Block, ids: Collection[int]) -> Block:
    if isinstance(block, Table):
        rows = tuple(tuple(_with_marks(cell, ids) for cell in row) for row in block.rows)
        return replace(block, header=tuple(_with_marks(cell, ids) for cell in block.header), rows=rows)
    if isinstance(block, Heading):
        return block
    return replace(block, text=_with_marks(block.text, ids))


def _with_marks(text: str, ids: Collection[int]) -> str:
    def named(found: re.Match[str]) -> str:
        numbers = numbers_in(found[1])
        return mark(*numbers) if numbers and set(numbers) <= set(ids) else found[0]

    return _BRACKETED.sub(named, text)


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers of "1, 3-5": `(1, 3, 4, 5)`; () for a range that runs backwards or over a hundred."""
    first, *rest = _TURN.split(text.strip())
    numbers = [int(first)]
    for sign, number in zip(rest[::2], rest[1::2], strict=True):
        span = range(numbers[-1] + 1 if sign in "–-" else int(number), int(number) + 1)
        if not 0 < len(span) <= 100:
            return ()
        numbers += span
    return tuple(dict.fromkeys(numbers))
