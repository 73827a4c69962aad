"""Answers and conversations as CommonMark, to be copied into a note or an e-mail: with sources, status and disclaimer.

Reads the stored JSON of an answer (`assistant.types.Answer`); what an answer does not have, or was stored before it existed,
is left out, but never the disclaimer. What a person typed or an article holds stays text: none of it becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from assistant.disclaimer import DISCLAIMER, NO_ANSWER, NOTICE, NOTICE_GENERATIVE, REVIEW_NOTICES
from assistant.quotes import lines_of
from assistant.text import one_line
from assistant.types import STOPPED, AnswerStatus, Mode, Role
from corpus.types import NOT_STATED, Status

#: The JSON of a stored answer, or of a part of it.
Stored = Mapping[str, Any]

#: What stands before a sentence that is not itself the answer.
_TIES = {Role.CONDITION: "**But note:** ", Role.CONTRAST: "**Another source says:** "}
#: What CommonMark, or GitHub's table, strikethrough and autolink extensions, would read as markup; at the start of a line more.
_MARKUP = re.compile(r"[\\`*_\[\]~|]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|^[#>+=-]|(?<=\s)#(?=#*$)|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")
#: A line break inside a paragraph.
_BREAK = "  \n"


def answer_markdown(answer: Stored, address: str = "") -> str:
    """One answer under its question; `address` reopens its conversation."""
    return _document([*_answer(answer), _reopened(address)])


def conversation_markdown(conversation: Stored, address: str = "") -> str:
    """A conversation under its title: its disclaimer, then every answer whole."""
    answers = conversation.get("answers") or []
    begun = _day(conversation.get("created_at"))
    article = conversation.get("article_title") or conversation.get("article_id")
    about = (
        f"Conversation of {begun}." if begun else "",
        f"Article: {plain_text(article)}" if article else "",
        f"Questions: {len(answers)}.",
    )
    blocks = [f"# {plain_text(conversation.get('title')) or 'Conversation'}", _joined(about), plain_text(DISCLAIMER)]
    for answer in answers:
        blocks += _answer(answer)
    return _document([*blocks, _reopened(address)])


def plain_text(text: object) -> str:
    """One line of Markdown that is shown as this text, wherever in a paragraph or heading it stands; "" for None."""
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", one_line(text)))


def _document(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def _answer(answer: Stored) -> Iterator[str]:
    """Block by block; an empty one is left out."""
    yield f"## {plain_text(answer['question'])}"
    yield from _before(answer)
    yield from _said(answer)
    yield from _remarks(answer)
    yield from _cited(answer)
    yield from _foot(answer)


def _before(answer: Stored) -> Iterator[str]:
    """What to do now comes first, then what became of the answer since, then what was searched for."""
    if banner := answer.get("banner"):
        yield _banner(banner)
    changed = [citation for citation in answer.get("citations") or () if citation.get("note")]
    by_note = groupby(sorted(changed, key=lambda citation: str(citation["note"])), key=lambda citation: str(citation["note"]))
    notes = [f"{_marks([one['number'] for one in group])} {plain_text(note)}" for note, group in by_note]
    yield f"**Since this answer:** {_joined(notes)}" if notes else ""
    if AnswerStatus(answer["status"]) not in STOPPED:
        yield f"Searched for: “{plain_text(answer['query']['text'])}”"


def _banner(banner: Stored) -> str:
    title = plain_text(banner.get("title"))
    lines = [f"**{title}**" if title else "", *map(plain_text, str(banner["text"]).splitlines())]
    if banner.get("source"):
        day = banner.get("reviewed")
        reviewed = f"Reviewed by a clinician on {plain_text(day)}." if day else "This wording is not yet reviewed by a clinician."
        lines.append(f"Source: {plain_text(banner['source'])}. {reviewed}")
    return _BREAK.join(f"> {line}" for line in lines if line)


def _said(answer: Stored) -> Iterator[str]:
    """The sentences, or why there are none."""
    if clarification := answer.get("clarification"):
        yield plain_text(clarification["text"])
        yield _listed(plain_text(choice) for choice in clarification["choices"])
    elif answer["status"] == AnswerStatus.ABSTAINED:
        yield plain_text((answer.get("abstention") or {}).get("text") or NO_ANSWER)
        yield from _part("Nearest articles", _nearest(answer))
    yield from _part("In plain words", map(_sentence, answer.get("plain") or ()))
    said = [_sentence(sentence) for sentence in answer.get("sentences") or ()]
    yield from _part("What the articles say", said) if answer.get("plain") else said
    for sides in answer.get("conflicts") or ():
        yield from _part("Guidelines differ", [_listed(map(_side, sides))])
    yield from _part("Words", _words(answer.get("glosses") or ()))


def _nearest(answer: Stored) -> Iterator[str]:
    near = [_path([one["title"], *(one.get("section") or ())]) for one in answer.get("nearest") or ()]
    yield _listed(near)


def _sentence(sentence: Stored) -> str:
    tie = _TIES.get(sentence.get("role", Role.ANSWER), "")
    return f"{tie}{_quoted(sentence['text'])} {_marks(sentence['citations'])}"


def _quoted(text: str) -> str:
    """An article's words in one line, but for the rows of a table."""
    return _BREAK.join(map(plain_text, lines_of(text)))


def _side(side: Stored) -> str:
    return f"{plain_text(side['body'])} ({side.get('year') or 'year not given'}): {_marks(side['citations'])}"


def _words(glosses: Sequence[Stored]) -> Iterator[str]:
    yield _listed(f"{plain_text(gloss['term'])}: {plain_text(gloss['plain'])}" for gloss in glosses)
    sources = dict.fromkeys(plain_text(gloss["source"]) for gloss in glosses)
    yield f"Explained after: {'; '.join(sources)}" if sources else ""


def _remarks(answer: Stored) -> Iterator[str]:
    """What a reader must know of the answer as a whole."""
    yield _listed(plain_text(caveat) for caveat in answer.get("caveats") or ())
    if answer.get("fallback"):
        yield f"Quoted instead of written by the language model: {plain_text(answer['fallback'])}"
    if dropped := answer.get("dropped"):
        them = "sentence of the language model left out: not supported by what it cited"
        if dropped > 1:
            them = "sentences of the language model left out: not supported by what they cited"
        yield f"{dropped} {them}."
    if status := answer.get("review_status"):
        yield plain_text(REVIEW_NOTICES[status])


def _cited(answer: Stored) -> Iterator[str]:
    said = {sentence["text"] for sentence in answer.get("sentences") or ()}
    yield from _part("Cited passages", (_passage(citation, said) for citation in answer.get("citations") or ()))
    yield from _part("References", map(_reference, answer.get("references") or ()))


def _passage(citation: Stored, said: Container[str]) -> str:
    """The exact quote, where it is not itself a sentence of the answer; then where it stands and how far that was reviewed."""
    quoted = "Quoted above, word for word." if citation["quote"] in said else f"“{_quoted(citation['quote'])}”"
    statement = f"statement {citation['statement_id']}" if citation.get("statement_id") else f"passage {citation['passage_id']}"
    behind = [f"({reference['number']})" for reference in citation.get("references") or ()]
    origin = citation.get("origin")
    undated = origin and not origin["dated"]
    updated = "date not given by the source" if undated else f"updated {plain_text(citation['last_updated'])}"
    where = (
        f"From {_path([citation['article_title'], *(citation.get('section') or ())])}, {plain_text(statement)}.",
        f"{Status(citation['review_status']).label}, {updated}.",
        f"{'Reference' if len(behind) == 1 else 'References'} {', '.join(behind)}." if behind else "",
    )
    lines = (
        f"**[{citation['number']}]** {quoted}",
        f"**Since this answer:** {plain_text(citation['note'])}" if citation.get("note") else "",
        _joined(where),
        _origin(origin) if origin else "",
    )
    return _BREAK.join(line for line in lines if line)


def _origin(origin: Stored) -> str:
    """Where an imported article comes from, and under which terms."""
    said = f"Source: {plain_text(origin['name'])}, {plain_text(origin['id'])}"
    address = f", {_link(origin['url'])}" if origin.get("url") else ""
    return f"{said}{address}. Licence: {_ended(origin['licence'])} Imported {plain_text(origin['imported'])}."


def _reference(reference: Stored) -> str:
    authors, venue, year = (str(reference.get(name) or "") for name in ("authors", "venue", "year"))
    told = (
        str(reference["type"]).title(),
        authors if authors != NOT_STATED else "",
        reference["title"],
        venue if venue not in (authors, NOT_STATED) else "",
        year if year not in venue else "",
    )
    pmid = reference.get("pmid")
    links = (
        f"DOI {_link('https://doi.org/' + quote(reference['doi'], safe='/()'))}" if reference.get("doi") else "",
        f"[PMID {plain_text(pmid)}](https://pubmed.ncbi.nlm.nih.gov/{quote(pmid, safe='')}/)" if pmid else "",
        _link(reference["url"]) if reference.get("url") else "",
    )
    retracted = f"**Retracted {plain_text(reference['retracted'])}.**" if reference.get("retracted") else ""
    return _joined((f"({reference['number']})", retracted, *map(_ended, told), *links))


def _ended(text: object) -> str:
    """Text that ends as a sentence does."""
    shown = plain_text(text)
    return f"{shown}." if shown and shown[-1] not in ".?!" else shown


def _foot(answer: Stored) -> Iterator[str]:
    notice = NOTICE if answer.get("mode", Mode.EXTRACTIVE) != Mode.GENERATIVE else NOTICE_GENERATIVE
    yield plain_text(answer.get("disclaimer") or DISCLAIMER)
    yield plain_text(answer.get("notice") or notice)
    day, generation = _day(answer.get("created_at")), answer.get("index_generation")
    made = _joined((f"on {day}" if day else "", f"from index generation {generation}" if generation is not None else ""))
    yield f"Answered {made}." if made else ""


def _reopened(address: str) -> str:
    return f"This conversation: {_link(address)}" if address else ""


def _day(moment: object) -> str:
    """The day of an ISO time."""
    return plain_text(str(moment or "")[:10])


def _link(address: str) -> str:
    """An address as a link that also reads as one where Markdown is not rendered; text where it is not one of the web."""
    encoded = quote(address, safe="/:?#[]@!$&'()*+,;=%-._~")
    return f"<{encoded}>" if encoded.lower().startswith(("https://", "http://")) else plain_text(address)


def _marks(numbers: Iterable[int]) -> str:
    return " ".join(f"[{number}]" for number in numbers)


def _path(headings: Iterable[str]) -> str:
    """A title and the headings under it."""
    title, *section = map(plain_text, headings)
    return f"“{title}”" + (f", {' › '.join(section)}" if section else "")


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _part(heading: str, blocks: Iterable[str]) -> Iterator[str]:
    """Blocks under a heading; nothing where there are none."""
    shown = [block for block in blocks if block]
    if shown:
        yield from (f"### {heading}", *shown)
