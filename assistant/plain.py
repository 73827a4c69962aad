"""The answer in the article's own plain words: sentences of its plain summary that rest on nothing but what is cited.

Patients read them first. They are shown as the author wrote them, and only where they bring no number of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.types import Citation, Sentence
from corpus.types import Article

_UP_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {
    **{word: str(value) for value, word in enumerate(_UP_TO_NINETEEN.split())},
    **{word: str(10 * ten) for ten, word in enumerate(_TENS.split(), start=2)},
    **{"hundred": "100", "thousand": "1000", "million": "1000000", "half": "0.5", "twice": "2", "dozen": "12"},
}
#: Words of an article that give a number which a plain sentence may put as one: "dual therapy" is "two drugs".
_IMPLIED = {
    word: number
    for number, words in {
        "1": "single daily weekly monthly annual annually yearly hourly",
        "2": "dual pair pairs double doubled doubles both biennial biennially twofold",
        "3": "triple threefold thrice",
        "4": "quadruple fourfold",
        "0.5": "halved median",
    }.items()
    for word in words.split()
}
#: What makes "one" a number and not a pronoun: "one hour", "one tablet a day", but not "one of these drugs".
_UNIT = (
    r"(?:hour|day|week|month|year|minute|second|dose|tablet|pill|shot|puff|time|point|gram|litre|percent|per cent|third|quarter|"
    r"half|hundred|thousand|million)s?\b"
)
#: 1,000 and 2.5 and 12-month, but not the digits of a name: HER2, GLP-1, P2Y12.
_DIGITS = re.compile(r"(?<![\w.,])(?<![^\W\d_]-)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_LETTERS = re.compile(r"[^\W\d_]+")
_COUNTED_ONE = re.compile(rf"\bone(?=[\s-]+{_UNIT})", re.IGNORECASE)


#: How a sentence begins that says what it says of something in the sentence before it.
_LEANS = re.compile(
    r"(?:it|its|they|them|their|these|this|those|that|the same|such|both|either|neither|others?|then|but|and|also|otherwise|"
    r"after that|if so|if not|(?:from|above|below|under|over|at|up to) \d)\b",
    re.IGNORECASE,
)


def plain_sentences(citations: Sequence[Citation], article_of: Callable[[str], Article]) -> tuple[Sentence, ...]:
    """The plain sentences of the cited articles, the first cited article first, each in its summary's order.

    Left out: a sentence that rests on a statement which is not cited, one with a number that no quote it rests on has, and one
    that leans on a sentence which is left out: "It starts at 100 mg" would be read of another drug.
    `article_of` gives an article by its id, and may raise `ArticleNotFound`.
    """
    cited: dict[str, dict[str, list[Citation]]] = {}
    for citation in citations:
        if citation.statement_id:
            cited.setdefault(citation.article_id, {}).setdefault(citation.statement_id, []).append(citation)
    said = []
    for article_id, by_statement in cited.items():
        shown = False  # the sentence before
        for note in article_of(article_id).plain_summary:
            behind = [citation for statement in note.statements for citation in by_statement.get(statement, [])]
            shown = (
                by_statement.keys() >= set(note.statements)
                and not added_numbers(note.text, [citation.quote for citation in behind])
                and (shown or not _LEANS.match(note.text))
            )
            if shown:
                said.append(Sentence(note.text, tuple(sorted({citation.number for citation in behind}))))
    return tuple(said)


def added_numbers(plain: str, quotes: Sequence[str]) -> frozenset[str]:
    """The numbers that a plain sentence states and no quote does, as digits: "two" and "2.0" are "2".

    A "one" that is a pronoun is no number; digits of a name (HER2) are none either.
    """
    stated = _digits(plain) | {_WORDS[word] for word in _words(plain) if word in _WORDS and word != "one"}
    if _COUNTED_ONE.search(plain):
        stated.add("1")
    return frozenset(stated.difference(*map(_given, quotes)))


def _given(quote: str) -> set[str]:
    """Every number that a quote can be said to give, in digits or words."""
    return _digits(quote) | {number for word in _words(quote) if (number := _WORDS.get(word) or _IMPLIED.get(word))}


def _digits(text: str) -> set[str]:
    return {f"{float(found.replace(',', '')):g}" for found in _DIGITS.findall(text)}


def _words(text: str) -> list[str]:
    return [word.lower() for word in _LETTERS.findall(text)]
