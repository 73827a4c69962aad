"""Finds figures under a label that is not theirs: "Monotherapy shows inferior results" over what chemotherapy alone did.

Read as chunks are read, without the rest of the article, such a statement answers the wrong question with a right-looking
figure. A label is a heading, or what stands before a colon at the beginning of a block. A conflict needs figures, another
arm or population than the label's beside them, and no word of the label's own; whatever compares ("than in adults",
"versus placebo") names no owner of the figures. What this misses is as wrong as before, a false alarm costs a reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.linting.types import Found, Known
from corpus.types import Article, Block

_I = re.IGNORECASE
#: An amount, a share, a time or a ratio: what a reader would carry away.
_FIGURE = re.compile(
    r"\d\s?(?:%|per ?cent\b|(?:mg|mcg|µg|g|mL|IU|units|months?|weeks?|mmHg|mmol)\b)"
    r"|\b(?:hazard|odds|risk|rate) ratio\b|\d-fold\b",
    _I,
)
#: The end of a sentence; statements have one or two, imported paragraphs many.
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[\"(]?[A-Z0-9])")
#: "**Dose in children:** …", "Monotherapy: …". Not after a figure: a ratio such as 3:1 has no label.
_LEAD = re.compile(r"(?:\*\*|__)?(?P<label>[A-Za-z][^:.!?\d*_]{2,70}?)(?:\*\*|__)?\s?:(?:\*\*|__)?\s")
#: Where the text of a label ends, because the next one begins: "Adult: 500 mg; Child: 125 mg".
_NEXT_LEAD = re.compile(r"(?<!\w)(?:\*\*)?[A-Z][A-Za-z][^:.;]{0,40}:(?:\*\*)?\s")
#: What follows these words is what the figures are held against, or somebody's family.
_AGAINST = re.compile(
    r"(?:\b(?:than|versus|vs\.?|unlike|against|rather|not|no|nor|except|excluding|instead of|(?:as )?compared (?:with|to)|"
    r"relative to|as (?:in|for)|that (?:of|in)|those (?:of|in|with)|similar to|extrapolated from|and|or|both|"
    r"(?:have|has|had|her|his|their|your) \w{0,20})\W+"
    r"(?:(?:in|for|of|the|a|an|with|to|those|among|on)\W+){0,3})\Z",
    _I,
)
#: Characters before a word in which its comparison stands; further ones cost time in long texts.
_REACH = 60


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the things an axis tells apart: how it is called, and the words that name it."""

    name: str
    words: re.Pattern[str]


def _axis(**sides: str) -> tuple[_Side, ...]:
    return tuple(_Side(name.replace("_", " "), re.compile(rf"\b(?:{words})\b", _I)) for name, words in sides.items())


#: What a label may name one of, and figures belong to another of.
_AXES = (
    _axis(
        children=r"child(?:ren|hood|'s)?|p(?:a)?ediatrics?|infants?|infancy|neonat\w+|newborns?|toddlers?",
        adults=r"adults?|adulthood|elderly|older (?:people|persons|patients)|geriatric",
    ),
    _axis(
        pregnancy=r"(?<!non)(?<!non-)(?<!not )pregnan\w+|antenatal|prenatal",
        people_who_are_not_pregnant=r"non-?pregnant|not pregnant",
    ),
    _axis(women=r"women|woman|females?|girls?", men=r"men|man|males?|boys?"),
    _axis(primary_prevention=r"primary prevention", secondary_prevention=r"secondary prevention"),
    _axis(
        the_first_line=r"first[- ]line|initial therapy|initial treatment",
        a_later_line=r"(?:second|third|later|subsequent)[- ]line|salvage",
    ),
    _axis(
        placebo_or_no_treatment=r"placebo|untreated|no treatment|without treatment",
        the_treated=r"treated (?:patients|group|arm|women|men|people)|active treatment|intervention (?:group|arm)|treatment arm",
    ),
)
#: "HER2-positive", "hormone receptor negative": the same word with the other sign.
_SIGN = re.compile(r"\b(?P<what>[A-Za-z][\w/]{1,20})[- ](?P<sign>positive|negative)\b", _I)
_OTHER_SIGN = {"positive": "negative", "negative": "positive"}

_ALONE = re.compile(r"\b(?:monotherapy|single[- ](?:agent|drug)|alone|on its own|by itself)\b", _I)
#: "chemotherapy alone", "paclitaxel monotherapy", "single-agent docetaxel": whose figures these are.
_ALONE_OF = re.compile(
    r"\b(?P<before>[A-Za-z][\w-]{2,40})\s+(?:alone|monotherapy|on its own|by itself)\b"
    r"|\bsingle[- ](?:agent|drug)\s+(?P<after>[A-Za-z][\w-]{2,40})",
    _I,
)
_TOGETHER = re.compile(
    r"\b(?:in combination|combination (?:therapy|treatment|of|with)|combined with|plus|dual therapy|together with)\b", _I
)
#: In a wording also what "adds"; a heading on add-on drugs is about drugs, and may tell what each does alone.
_ADDED = re.compile(rf"{_TOGETHER.pattern}|\b(?:add(?:ed|ing) to|adding|addition of|(?:is|are|was|were) added|used with)\b", _I)
#: Words before "alone" that name no treatment: "these figures alone", "given alone".
_NO_TREATMENT = frozenset(
    "used given taken it them this that these those as when is are was were be or and treatment therapy".split()
)


def conflicts(article: Article, known: Known) -> Iterator[Found]:
    """Statements whose figures belong to another arm or population than the label over them."""
    subject = f"{article.title} {article.heading}"
    for block in article.blocks:
        quote = article.quote(block)
        if not _FIGURE.search(quote):
            continue
        for label, said in _labels(block, quote):
            if owner := _owner_of_others(label, said, f"{subject} {label}"):
                name = f"^{block.statement}" if block.statement else "a text"
                yield Found("label-conflict", f"{name} stands under {label!r}, and its figures are of {owner}", block.line)
                break


def _labels(block: Block, quote: str) -> Iterator[tuple[str, str]]:
    """The labels over a wording, the nearest first, each with the wording it labels."""
    lead = _LEAD.match(quote)
    if lead:
        after = _NEXT_LEAD.search(quote, lead.end())
        yield lead["label"].strip(), quote[lead.end() : after.start() if after else None]
    yield from ((heading, quote) for heading in reversed(block.section))


def _owner_of_others(label: str, said: str, subject: str) -> str | None:
    """Whose figures they are, when they are not the label's."""
    for axis in _AXES:
        named = [side for side in axis if side.words.search(label)]
        if len(named) == 1 and not named[0].words.search(said):
            for side in axis:
                if side is not named[0] and _with_figures(side.words, said):
                    return side.name
    return _of_other_sign(label, said) or _of_other_arm(label, said, subject)


def _with_figures(words: re.Pattern[str], said: str) -> bool:
    """Whether a sentence with figures is about what these words name, and does not merely compare with it."""
    return any(
        _FIGURE.search(sentence)
        and any(
            not _AGAINST.search(sentence, max(0, match.start() - _REACH), match.start()) for match in words.finditer(sentence)
        )
        for sentence in _SENTENCE_END.split(said)
    )


def _of_other_sign(label: str, said: str) -> str | None:
    signs = {match["what"].lower(): match["sign"].lower() for match in _SIGN.finditer(label)}
    if len(signs) != len(_SIGN.findall(label)):
        return None  # the label names both
    for what, sign in signs.items():
        own, other = (re.compile(rf"\b{re.escape(what)}[- ]{one}\b", _I) for one in (sign, _OTHER_SIGN[sign]))
        if not own.search(said) and _with_figures(other, said):
            return f"{what}-{_OTHER_SIGN[sign]}"
    return None


def _of_other_arm(label: str, said: str, subject: str) -> str | None:
    """Under "monotherapy" a combination's figures or another drug's alone; under "in combination" those of one drug alone."""
    alone, together = bool(_ALONE.search(label)), bool(_TOGETHER.search(label))
    if alone == together:
        return None
    if together:
        single = bool(_ALONE.search(said)) and not _ADDED.search(said) and _with_figures(_ALONE, said)
        return "one treatment alone" if single else None
    owners = [name for name in _alone_in(said) if name not in _NO_TREATMENT]
    if owners:
        others = [name for name in owners if name not in subject.lower()]
        return f"{others[0]} alone" if len(others) == len(owners) and _with_figures(_ALONE, said) else None
    return "a combination" if not _ALONE.search(said) and _with_figures(_ADDED, said) else None


def _alone_in(said: str) -> Iterator[str]:
    yield from ((match["before"] or match["after"]).lower() for match in _ALONE_OF.finditer(said))
