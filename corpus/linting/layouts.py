"""Checks of articles that were imported from PDFs, which say where words are printed and not what belongs together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.linting.types import Found, Known
from corpus.types import Article, Block, BlockKind, Status

_DOSE = r"\d[\d.,]*\s?(?:%|°C|(?:mg|mcg|[µμ]g|g|kg|ml|mL|l|L|IU|U|units?|mmol|mol|mEq|tablets?|hours?|h|days?)\b)(?:/[\w.]+)*"
_DOSES = re.compile(_DOSE)
#: A figure with its unit, and the next figure without a word between them.
_SIDE_BY_SIDE = re.compile(rf"{_DOSE}\s+\d")
#: Lines that a finding names.
_NAMED = 10
_PUNCTUATION = re.compile(r"[.,;:!?](?!\d)")


def pdf_layout(article: Article, known: Known) -> Iterator[Found]:
    """Tables of a PDF, and text in which cells of one may have run together. Not of what somebody has approved."""
    if article.source is None or not article.source.id.lower().endswith(".pdf") or article.status is Status.APPROVED:
        return
    rows = [block for block in article.blocks if block.kind is BlockKind.ROW]
    if rows:
        said = f"{len(rows)} rows of tables were put together from a PDF: compare each with the source"
        yield Found("pdf-layout", said, rows[0].line)
    run = [block for block in article.blocks if block.kind is not BlockKind.ROW and _run_together(article, block)]
    if run:
        lines = ", ".join(str(block.line) for block in run[:_NAMED]) + (" …" if len(run) > _NAMED else "")
        said = f"columns of figures from a PDF may have run together (line {lines}): compare with the source"
        yield Found("pdf-layout", said, run[0].line)


def _run_together(article: Article, block: Block) -> bool:
    """Whether figures stand side by side, or several in what is no sentence."""
    text = article.quote(block)
    several = block.kind is BlockKind.PARAGRAPH and len(_DOSES.findall(text)) > 1 and not _PUNCTUATION.search(text)
    return several or _SIDE_BY_SIDE.search(text) is not None
