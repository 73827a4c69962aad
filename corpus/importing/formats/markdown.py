"""Markdown files, with or without front matter, by markdown-it-py; plain text files are Markdown too.

Read into an outline and written anew, so that what comes in is our subset: no HTML, links as their words, no emphasis signs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from corpus.importing.formats.citations import reference, taken_out, with_marks
from corpus.importing.formats.files import address, date_in, text_of
from corpus.importing.formats.html import blocks_of
from corpus.importing.formats.outline import Block, Heading, Item, Paragraph, Table, mark, markdown, raised
from corpus.importing.types import Document, NotTaken, Options
from corpus.types import Reference

_DATES = ("published", "date", "last_updated", "updated")
_ADDRESSES = ("url", "source_url", "canonical_url", "link")


def documents(path: Path, options: Options) -> Iterator[Document]:
    """The file as one article; what its front matter says of title, date, address and licence goes before the options."""
    tokens = (
        MarkdownIt("commonmark").enable("table").use(front_matter_plugin).use(footnote_plugin).parse(text_of(path, "Markdown"))
    )
    front = _front_matter(tokens)
    blocks = _outline(tokens)
    notes = _footnotes(tokens)
    if not notes:
        blocks, listed = taken_out(blocks)
        notes = list(listed)
        blocks = with_marks(blocks, {each.id for each in notes})
    title, blocks = _titled(front.get("title", ""), blocks, path.stem)
    body = markdown(blocks, {each.id for each in notes})
    if not body:
        raise NotTaken("the file has no text")
    yield Document(
        source_id=front.get("id") or options.name or path.name,
        title=title,
        body=body,
        references=tuple(notes),
        source=options.source,
        url=next(filter(None, (address(front.get(key)) for key in _ADDRESSES)), None),
        licence=front.get("licence") or front.get("license") or options.licence,
        published=next(filter(None, (date_in(front.get(key)) for key in _DATES)), None),
        specialty=options.specialty or front.get("specialty", ""),
    )


def _front_matter(tokens: Sequence[Token]) -> dict[str, str]:
    """The texts, numbers and dates of the front matter, as texts."""
    written = next((token.content for token in tokens if token.type == "front_matter"), "")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(written, yaml.SafeLoader)):
            raise NotTaken("the front matter uses YAML's aliases, which grow without end")
        found = yaml.safe_load(written)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotTaken(f"the front matter is no YAML: {' '.join(str(error).split())}") from error
    items: dict[Any, Any] = found if isinstance(found, dict) else {}
    return {str(key).lower(): str(value).strip() for key, value in items.items() if isinstance(value, str | int | dt.date)}


def _titled(front: str, blocks: list[Block], file: str) -> tuple[str, list[Block]]:
    """The title and the blocks without it: of the front matter, else the only first-level heading."""
    first = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
    if len(first) == 1:
        return front or first[0].text, [block for block in blocks if block is not first[0]]
    if first:  # its first-level headings are its sections
        blocks = [Heading(block.level + 1, block.text) if isinstance(block, Heading) else block for block in blocks]
    return front or file, blocks


def _outline(tokens: Sequence[Token]) -> list[Block]:
    """The blocks of the tokens, up to the footnotes."""
    blocks: list[Block] = []
    numbers: list[int | None] = []  # the next number of each open list
    opened: tuple[int, int | None] | None = None  # the item whose first paragraph comes next
    rows: list[list[str]] = []
    for at, token in enumerate(tokens):
        text = _text(tokens[at + 1]) if token.type.endswith("_open") and at + 1 < len(tokens) else ""
        match token.type:
            case "footnote_block_open":
                break
            case "heading_open":
                blocks.append(Heading(int(token.tag[1]), text))
            case "bullet_list_open" | "ordered_list_open":
                numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
            case "list_item_open":
                opened = (len(numbers), numbers[-1])
                numbers[-1] = None if numbers[-1] is None else numbers[-1] + 1
            case "list_item_close":
                opened = None
            case "html_block":
                blocks += blocks_of(token.content)
                opened = None
            case "paragraph_open" | "fence" | "code_block":
                for piece in [text] if token.type == "paragraph_open" else token.content.split("\n"):
                    blocks.append(Item(opened[0], piece, opened[1]) if opened else Paragraph(piece, len(numbers)))
                    opened = None
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "th_open" | "td_open":
                rows[-1].append(text)
            case "table_close":
                blocks.append(Table(tuple(rows[0]), tuple(map(tuple, rows[1:]))))
            case _:
                pass
    return blocks


def _text(token: Token) -> str:
    """The words of an inline token: links' and pictures' words, code as typed, no signs and no HTML; <sup> as characters."""
    text = ""
    before: str | None = None  # what stands before the superscript that is open
    for child in token.children or []:
        match child.type:
            case "text" | "code_inline" | "image":
                text += child.content
            case "softbreak" | "hardbreak":
                text += " "
            case "footnote_ref":
                text += mark(int(child.meta["id"]) + 1)
            case "html_inline" if child.content.lower() == "<sup>":
                before, text = text, ""
            case "html_inline" if child.content.lower() == "</sup>":
                before, text = None, (before or "") + raised(text)
            case _:
                pass
    return (before or "") + text


def _footnotes(tokens: Sequence[Token]) -> list[Reference]:
    """The footnotes that the text names, as references."""
    notes: dict[int, str] = {}
    number = 0
    for token in tokens:
        if token.type == "footnote_open":
            number = int(token.meta["id"]) + 1
            notes[number] = ""
        elif token.type == "inline" and number:
            notes[number] += f" {_text(token)}"
    return [reference(number, text) for number, text in notes.items()]
