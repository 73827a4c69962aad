"""Holds an article against the fact sheet it was written from. Used by the corpus tests when `../shared/facts` is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.types import Article, Block

SHEETS = Path(__file__).resolve().parents[2] / "shared" / "facts"

_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
# "HER2", "GLP-1" and "P2Y12" are names, not numbers: a digit that follows a letter, or a letter and a hyphen, is skipped.
_NUMBER = re.compile(r"(?<![A-Za-z\d.*/])(?<![A-Za-z]-)\d+(?:[.,]\d+)*")
_NAME = re.compile(r"\b[A-Za-z]*[A-Z][A-Za-z]*[A-Z][A-Za-z\d]*\b")


def load_sheets() -> dict[str, dict[str, Any]]:
    """Every sheet by the id of its article; empty when the folder is not there."""
    sheets = [json.loads(path.read_text("utf-8")) for path in sorted(SHEETS.glob("*.json"))]
    return {sheet["slug"].split("-", 1)[1]: sheet for sheet in sheets}


def numbers(text: str) -> set[str]:
    """The numbers a text states, "two" to "twelve" as digits: `"Two doses of 1.2 mg"` → `{"2", "1.2"}`."""
    digits = _NUMBER_WORD.sub(lambda match: str(_WORDS.index(match[1].lower()) + 2), text)
    return {number.replace(",", "").rstrip(".") for number in _NUMBER.findall(digits)}


def names(text: str) -> set[str]:
    """Words with two or more capitals: trials, societies, drugs' classes (`ACR`, `CARES`, `NSAIDs`)."""
    return {name.rstrip("s").lower() for name in _NAME.findall(text)}


def differences(article: Article, sheet: dict[str, Any]) -> Iterator[str]:
    """Each way in which an article departs from its sheet, as a sentence for its author."""
    blocks = {block.statement: block for block in article.blocks if block.statement}
    facts = {fact["id"]: fact for fact in sheet["facts"]}
    yield from (f"{key} of the sheet is not in the article" for key in facts.keys() - blocks.keys())
    yield from (f"{key} is not a fact of the sheet" for key in blocks.keys() - facts.keys())
    for key in sorted(facts.keys() & blocks.keys(), key=lambda key: int(key[1:])):
        yield from _statement(article, blocks[key], facts[key])
    for name in ("title", "specialty"):
        expected = sheet["question" if name == "title" else name]
        if getattr(article, name) != expected:
            yield f"{name} is {getattr(article, name)!r}, the sheet has {expected!r}"
    yield from _references(article, sheet)
    memory = {fact["id"] for fact in sheet["facts"] if fact["verified"] != "seen"}
    named = {statement for note in article.review_notes for statement in note.statements}
    if memory != named:
        yield f"review_notes name {sorted(named)}, the sheet's memory facts are {sorted(memory)}"


def _statement(article: Article, block: Block, fact: dict[str, Any]) -> Iterator[str]:
    wording, key = article.quote(block), fact["id"]
    if lost := numbers(fact["fact"]) - numbers(wording):
        yield f"{key} lost the numbers {sorted(lost)}"
    if added := numbers(wording) - numbers(fact["fact"]):
        yield f"{key} has numbers the fact has not: {sorted(added)}"
    if gone := names(fact["fact"]) - names(wording):
        yield f"{key} lost the names {sorted(gone)}"
    marks = {f"R{mark}" for mark in block.marks}
    if marks != set(fact["refs"]):
        yield f"{key} cites {sorted(marks)}, the fact cites {sorted(fact['refs'])}"
    if wording.strip() == fact["fact"].strip():
        yield f"{key} is the fact word for word"


def _references(article: Article, sheet: dict[str, Any]) -> Iterator[str]:
    listed = {f"R{reference.id}": reference for reference in article.references}
    for source in sheet["references"]:
        if (reference := listed.pop(source["id"], None)) is None:
            continue
        for ours, theirs in (("title", "title"), ("authors", "authors_or_org"), ("venue", "venue"), ("year", "year"),
                             ("doi", "doi"), ("pmid", "pmid"), ("url", "url"), ("type", "type")):  # fmt: skip
            if getattr(reference, ours) != source[theirs]:
                yield f"reference {reference.id}: {ours} is {getattr(reference, ours)!r}, the sheet has {source[theirs]!r}"
    yield from (f"reference {key} is not in the sheet" for key in listed)
