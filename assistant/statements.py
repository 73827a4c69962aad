"""What of a statement tells whether it qualifies another: its telling words, its drugs, its cues, and those of its headings.

Reads one article's statements; compares nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.drugs import Drugs, dosed, drugs_in
from corpus.types import Passage

#: Something must not be done, or is harmful.
WARNING = re.compile(
    r"contraindicat|\bavoid|must not|\bnever\b|discourage|boxed warning|\bunsafe\b|\bfatal|\bharm|toxic|withh[eo]ld|"
    r"\bstop(?:s|ped)?\b|discontinu|\bless effective|\binadequate|\bneither\b|\bcannot\b|\bno longer\b|"
    r"\b(?:are|is|be|was|were|do|does|did|should|can|may|has|have) not\b|"
    r"\bnot (?:for|with|in|a |to|by|on|before|after|until|recommended|routine|used|advised|apply)\b|"
    r"\bagainst\b(?! placebo| \d|\w* \d)",
    re.IGNORECASE,
)
#: The plainest of these.
CONTRAINDICATION = re.compile(
    r"contraindicat|\bavoid|must not|\bnever\b|discourage|boxed warning|\bunsafe\b|\bfatal|\bharm", re.IGNORECASE
)
#: For whom advice holds, and for whom not.
SCOPE = re.compile(
    r"(?:does|do) not (?:apply|cover)|appl(?:y|ies) only|\boutside\b|\bexclude|average.risk|no symptoms|without .* symptoms|"
    r"\bindividual\b|\bonly to\b",
    re.IGNORECASE,
)
#: What has to be done or known first.
PREREQUISITE = re.compile(
    r"^before\b|\bbefore (?:any |a |the )?[\w-]+(?: [\w-]+)? (?:is|are)\b|\bmust come before|\bmust be (?:under|ruled|confirmed|"
    r"below|above)|\bneeds? to be\b|\bmust follow\b|\brequired\b|\bfirst (?:asks|needs)|should be (?:screened|checked|tested)",
    re.IGNORECASE,
)
#: What went wrong.
HARM = re.compile(
    r"toxic|\bdanger|\badverse|\bside effects?|\brisk of\b|\bcaused?\b|\bcan occur\b|\breactions?\b|\bserious\b|overdiagnos|"
    r"false.positive|\bbleed|\bdeath|\bmore (?:often|bleeding|major|frequent|\w+ (?:deaths|events))",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"recommend|advis|prefer|first-line|first choice|\bis given|\bare given|\bstarts?\b|\bgives?\b|\boffer|\bshould\b|\bmg\b|"
    r"treated with|suggest|is treated|\bused\b|\ballows?\b",
    re.IGNORECASE,
)
_TRIAL = re.compile(
    r"\btrials?\b|hazard ratio|risk ratio|odds ratio|relative risk|meta-analysis|\bcohort\b|\bversus\b|\bplacebo\b|"
    r"\bmodelling\b|\d%[^%]*\d%|\bestimated\b",
    re.IGNORECASE,
)
_WARNING_HEADING = re.compile(
    r"\bwhen not\b|contraindicat|avoid|adverse|safety|stop|pregnan|harm|toxic|limits?|caution|interact|risk|warning|not to use|"
    r"hold|outside|special|side effects|overtreat",
    re.IGNORECASE,
)
_EVIDENCE_HEADING = re.compile(r"\btrials?\b|\bevidence\b|\bbenefit\b|\bcomparisons?\b|\bmortality\b", re.IGNORECASE)
_DEFINING_HEADING = re.compile(
    r"\bdefin|\bdiagnos|\bclassif|\bscor(?:e|es|ing)\b|\bcriteria\b|\bgrad(?:es|ing)\b|\bcategor", re.IGNORECASE
)
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9-]{2,}\b")
_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")
#: Words that every statement of a guideline may have; they tell nothing of its subject.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        the and for with that are was were not but from than who have has had his her its their this these those which
        when where while what into out over under above below about after before during until unless only also other
        others such either each every any all some most more less least many may can could should must will would does
        did done being been both between given give gives take taken takes taking used use uses using start starts
        started starting stop stops stopped treat treated treatment treatments therapy drug drugs medicine medicines
        dose doses dosing daily once twice weekly day days week weeks month months year years hour hours minute
        minutes patient patients people person adult adults women men woman man age aged recommend recommends
        recommended recommendation suggest suggests suggested advise advises advised advice guideline guidelines
        guidance prefer prefers preferred option options first second third line oral mouth intravenous intravenously
        subcutaneous subcutaneously injection risk high higher low lower raised increased reduced one two three four
        five six seven eight ten per cent mean means according evidence trial trials versus against placebo ratio
        hazard without within because since then there they them need needs needed make makes made condition
        conditional strong weak class grade new early late long short well very same different whether however
        although known part case cases number rate rates group groups level levels
        """,
    )
)


#: How much a named drug counts beside a word, and a drug against the name of its class, in the likeness of two statements.
_DRUG, _CLASS = 1.5, 1.0


@dataclass(frozen=True, slots=True)
class Statement:
    """What counts of one passage. The booleans say whether it has the cues of that name."""

    passage: Passage
    words: frozenset[str]
    drugs: Drugs  # `named` holds the drugs known by their doses too
    heading_drugs: Drugs
    acronyms: frozenset[str]  # "SYGMA": trials, above all; not those of the article's own title
    warning: bool
    contraindication: bool
    scope: bool
    prerequisite: bool
    harm: bool
    advice: bool
    trial: bool
    under_warning: bool  # a heading above it warns
    under_definition: bool
    in_summary: bool  # in the article's first section


@dataclass(frozen=True, slots=True)
class Reading:
    """The statements of an article in reading order, and how telling each word or drug is among them, 0..1."""

    statements: tuple[Statement, ...]
    weights: Mapping[str, float]
    masses: tuple[float, ...]  # of each statement: the weights of its words and drugs, added up

    def heaviest(self, terms: frozenset[str]) -> float:
        """The greatest weight among terms; of none: 0."""
        return max((self.weights[term] for term in terms), default=0.0)


def read(passages: Sequence[Passage]) -> Reading:
    """What counts of each statement of one article."""
    by_dose = dosed([passage.text for passage in passages])
    statements = tuple(_read(passage, by_dose, passage.section[:1] == passages[0].section[:1]) for passage in passages)
    spread = Counter(term for one in statements for term in one.words | one.drugs.named | one.drugs.implied)
    most = math.log(1 + len(statements))
    weights = {term: math.log(1 + len(statements) / count) / most for term, count in spread.items()}
    return Reading(statements, weights, tuple(_mass(weights, one.words, one.drugs.named) for one in statements))


def likeness(reading: Reading, number: int, other: int) -> float:
    """The cosine of two statements over telling words and drugs, each weighted by its rarity; a drug is like its class's name."""
    one, two = reading.statements[number], reading.statements[other]
    shared = _mass(reading.weights, one.words & two.words, one.drugs.named & two.drugs.named)
    shared += _CLASS * reading.heaviest(by_class(one, two))
    return shared / math.sqrt(reading.masses[number] * reading.masses[other] or 1.0)


def by_class(one: Statement, two: Statement) -> frozenset[str]:
    """Drug classes that one statement names and the other implies by a member."""
    return (one.drugs.named & two.drugs.implied) | (one.drugs.implied & two.drugs.named)


def _mass(weights: Mapping[str, float], words: frozenset[str], drugs: frozenset[str]) -> float:
    return sum(weights[word] for word in words) + _DRUG * sum(weights[drug] for drug in drugs)


@lru_cache(maxsize=8192)
def _read(passage: Passage, by_dose: frozenset[str], in_summary: bool) -> Statement:
    text, heading = passage.text, " ".join(passage.section)
    drugs, words = drugs_in(text), frozenset(telling_words(text))
    own = frozenset(_ACRONYM.findall(f"{passage.article_title} {passage.article_heading}"))
    return Statement(
        passage=passage,
        words=words,
        drugs=Drugs(drugs.named | (words & by_dose), drugs.implied),
        heading_drugs=drugs_in(heading),
        acronyms=frozenset(_ACRONYM.findall(text)) - own,
        warning=bool(WARNING.search(text)),
        contraindication=bool(CONTRAINDICATION.search(text)),
        scope=bool(SCOPE.search(text)),
        prerequisite=bool(PREREQUISITE.search(text)),
        harm=bool(HARM.search(text)),
        advice=bool(_ADVICE.search(text)),
        trial=bool(_TRIAL.search(text) or _EVIDENCE_HEADING.search(heading)),
        under_warning=bool(_WARNING_HEADING.search(heading)),
        under_definition=bool(_DEFINING_HEADING.search(heading)),
        in_summary=in_summary,
    )


def telling_words(text: str) -> Iterator[str]:
    """The words that tell what a text is about, in lower case and singular."""
    for word in _WORD.findall(text.lower()):
        if len(word) > 2 and word not in _COMMON:
            yield word[:-1] if word.endswith("s") and not word.endswith("ss") else word
