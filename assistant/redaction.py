"""Takes personal details out of a question before it is kept for staff: names, addresses, numbers, dates, links.

The signs are those of the browser's warning (assistant/web/static/personal.js), which also say what medicine writes that only
looks personal. Here more is taken: a warning that is often wrong is clicked away, a word too many taken out costs little. So
every full date goes, every link, every number of seven digits and more that names no trial or paper, and a name goes wherever
else it stands in the text. What stays: ages, doses, values, years, drugs, diseases.

A name that nothing here marks ("Siobhan needs a booster") goes by the word and by where it stands (assistant/naming.py). Of the
details planted in wordings written before, or untouched after, 87-89 % of such names went at first sight, 96-98 % once the
misses were mended (tests/test_redaction_names.py), and 95-99 % of the dates, numbers, addresses, phone numbers and e-mails.
So one in ten may stay: questions are kept for a time, apart from all that is known of the reader (assistant/store/unanswered.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from assistant.naming import without_names
from assistant.particles import PARTICLES

if TYPE_CHECKING:
    import regex

#: What stands in the place of a detail.
MARKS = ("[name]", "[e-mail]", "[phone]", "[date]", "[number]", "[address]", "[link]")
_NAME, _MAIL, _PHONE, _DATE, _NUMBER, _ADDRESS, _LINK = MARKS

# Two letters and not initials alone ("Mr AB" names nobody), nor what begins a sentence after "my Dr."
_WORD = r"""(?!(?:Also|And|Are|As|At|But|Can|Could|Did|Do|Does|Doctor|For|Google|Ha[ds]|Have|He|Her|His|How|If|In|Is|It|
        My|No|Not|Of|On|
    Or|Please|Said|S?he|Should|So|The[ny]?|This|To|Told|Was|We|Wh\p{Ll}{1,3}|Will|With|Would|You|Your|
    (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)(?![\p{L}'’-]))
    \p{Lu}(?:\p{Ll}|['’-]?\p{L}{2})[\p{L}'’-]{0,30}(?![\p{L}'’-])"""
_PARTICLES = rf"(?:(?:{'|'.join(sorted(PARTICLES))})\ ){{0,2}}"
_INITIALS = r"(?:\p{Lu}\.?\ ?){0,2}"
_ONE = rf"{_INITIALS}{_PARTICLES}{_WORD}"
_FULL = rf"{_ONE}(?:\ {_PARTICLES}{_WORD}){{0,3}}"  # John Smith, Peter van Dijk, Rosa de la Cruz
_WHOLE = rf"(?P<it>{_FULL})"
_TWO = rf"(?P<it>{_WORD}(?:\ {_PARTICLES}{_WORD}){{1,3}})"
_PAIR = rf"(?P<it>{_WORD}\ {_PARTICLES}{_WORD})"
# "I am …" goes on with these and a noun.
_PEOPLES = r"(?!Afr|Asian|Black|Blood|Brit|Chin|Engl|East|Ind|Irish|Jew|Latin|Native|North|Rh|South|Stage|Type|West|White)"
_PERSON = r"""(?:mum|mom|mother|dad|father|husband|wife|partner|son|daughter|baby|brother|sister|aunt|uncle|niece|
        nephew|cousin|
    grand\p{Ll}{2,8}|nan|friend|neighbou?r|girlfriend|boyfriend|patient|client|resident|colleague|carer|(?:gentle|
        wo)?man|lady|boy|
    girl|caregiver|relative|mate|boss|teacher|guardian)"""
_END = r"(?=\ ?[,.;:!?(–-]|\ and\ |\ from\ |\ with\ |$)"
_MONTH = r"(?:jan|feb|mar|apr|may|ju[nl]|aug|sep|oct|nov|dec)\p{L}{0,6}\.?"
_FULL_DATE = rf"""(?:\d{{4}}[/.-]\d\d?[/.-]\d\d?|\d\d?[/.\ -]\d\d?[/.\ -](?:19|20)\d\d|
    \d\d?(?:st|nd|rd|th)?(?:\ of)?[\ -]?{_MONTH},?[\ -]?(?:19|20)\d\d|{_MONTH}\ \d\d?(?:st|nd|rd|th)?,?\ (?:19|
        20)\d\d)(?![\p{{L}}\d])"""
_ANY_DATE = rf"""(?:\d{{1,4}}[/.\ -]\d\d?[/.\ -]\d{{2,4}}|\d\d?\p{{L}}{{0,2}}(?:\ of)?[\ -]?{_MONTH}
        (?:,?[\ -]?['’]?\d{{2,4}})?|
    {_MONTH}\ \d\d?\p{{L}}{{0,2}}(?:,?\ \d{{4}})?)"""
# No part of a decimal, DOI or range, no code after an acronym such as PMID, no dose.
_BEFORE = r"(?<![.,/+-]|(?!NHS|MRN)\p{Lu}{3}:?\ )"
_AFTER = r"(?![\p{L}\d]|[.,/-]\d|\ ?(?:mg|ml|mcg|µg|iu|units))"
_NO_DATE = r"(?!\d\d?[\ .-]\d\d?[\ .-](?:19|20)\d\d)"
_STREETS = r"""(?:[Ss]treet|[Rr]oad|[Aa]venue|[Ll]ane|Drive|Close|(?<!Supreme\ )Court|Boulevard|Way|Crescent|Terrace|
        Place|Square|
    Gardens|Grove|Hill|Row|Park|Mews)"""


def _is_private_line(digits: str) -> bool:
    """Not a helpline that everybody shares, nor a span of years."""
    return not re.search(r"^1?8(00|33|44|55|66|77|88)|^(44)?0?(80[08]|3(00|03|30|33))|^((19|20)\d\d){2}$", digits)


def _is_nhs_number(digits: str) -> bool:
    """Its tenth digit makes the sum of digit times (10 - place) a multiple of 11."""
    return sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11 == 0


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern that begins where a word or a number begins. What it calls `it`, or all of it, is the detail."""

    mark: str
    pattern: str
    any_case: bool = False
    right: Callable[[str], bool] | None = None  # judges the digits found


#: In the order in which they are looked for: a number's own layout before any long number.
_SIGNS = (
    _Sign(_LINK, r"(?:https?://|www\.)(?!(?:dx\.)?doi\.org)(?P<it>)[^\s<>()]+", True),
    _Sign(_MAIL, r"[^\s@<>()]{1,64}(?:@|\ ?[([]at[)\]]\ ?)(?:[\p{L}\d-]{1,63}\.){1,5}\p{L}{2,24}"),
    _Sign(_MAIL, r"[\p{L}\d._-]{1,64}\ at\ [\p{L}\d-]{2,30}\ dot\ (?:com|co|net|org)"),
    _Sign(
        _DATE,
        rf"""(?:d\.?o\.?b\.?|date\ of\ birth|birth\ ?da(?:te|y)|born)(?:\ is|\ was)?[\ :=(-]{{0,3}}(?:on\ )?
        (?:the\ )?(?P<it>{_ANY_DATE})""",
        True,
    ),
    _Sign(_DATE, rf"(?<![\d.,/-]){_FULL_DATE}", True),
    _Sign(_PHONE, rf"{_BEFORE}(?:\+|00)[1-9](?:[\ ./()-]{{0,3}}\d){{7,13}}{_AFTER}", right=_is_private_line),
    _Sign(_PHONE, rf"{_BEFORE}(?:1[\ .-])?\(?[2-9]\d\d(?:\)\ ?|[.-])[2-9]\d\d[\ .-]\d{{4}}{_AFTER}", right=_is_private_line),
    # 0527-1728-74 is a drug code.
    _Sign(
        _PHONE,
        rf"""{_BEFORE}{_NO_DATE}
        (?!\d{{4}}-\d{{4}}-)\(?0[1-9](?:[\ ()-]{{0,2}}\d){{8,9}}{_AFTER}""",
        right=_is_private_line,
    ),
    _Sign(
        _PHONE,
        rf"""(?:call|ring|phone|text|whatsapp|tel|telephone|mobile|mob|cell\ ?(?:phone|number)|my\ (?:cell|number)|
        (?:contact|reach)\ me|fax)(?:\ \p{{L}}{{2,9}}){{0,4}}[.:]?\ ?{_NO_DATE}
        (?P<it>\+?\(?\d(?:[\ ().-]{{0,3}}\d){{6,12}}){_AFTER}""",
        True,
        _is_private_line,
    ),
    _Sign(
        _NUMBER,
        r"""(?:(?:MRN|SSN|NHS|passport|social\ security)(?!\p{L})|(?:NHS|CHI|NI|ID|hosp|hospital|record|patient|chart|
        member|policy|
        insurance|passport|social\ security|medicare|medicaid|licen[cs]e|account|card|case)(?:\ card|\ id)?\ ?(?:number|
        num|no|nr|id|\#)
        (?!\p{L}))(?:\ is)?[\ .:\#=-]{0,3}(?!(?:19|20)\d\d(?!\d))(?P<it>[a-z]{0,4}[\ -]?\d
        (?:[\ -]?[a-z]{0,2}\d){3,14}[a-z]?)(?![\p{L}\d])""",
        True,
    ),
    _Sign(_NUMBER, r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\p{L}\d-])"),
    _Sign(_NUMBER, r"[A-Z]{2}\ ?(?:\d\d\ ?){3}[A-D](?![\p{L}\d-])"),
    _Sign(_NUMBER, rf"{_BEFORE}(?<!\+\d{{1,3}}\ )\d{{3}}[\ -]?\d{{3}}[\ -]?\d{{4}}{_AFTER}", right=_is_nhs_number),
    _Sign(_NUMBER, rf"{_BEFORE}(?<!(?:PMID|PMC|ISBN|LOT|batch|lot)[:\ ]{{0,3}}){_NO_DATE}\d{{7,20}}{_AFTER}"),
    _Sign(
        _ADDRESS,
        rf"""\d{{1,5}}[A-Za-z]?,?\ (?:\p{{Lu}}[\p{{L}}'’.-]{{0,30}}\ ){{1,3}}(?:{_STREETS}|St|Rd|Ave|Ln|Blvd|
        Dr(?=[,.]))(?!\p{{L}})""",
    ),
    _Sign(
        _ADDRESS,
        rf"""(?:lives?\ at|address(?:\ is)?:?|letter\ to|come\ to)\ (?P<it>\d{{1,5}}[a-z]?,?
        \ (?:[\p{{L}}'’]+\ ){{1,3}}{_STREETS})(?!\p{{L}})""",
        True,
    ),
    _Sign(
        _ADDRESS,
        r"(?:[BEGLMNSW]|[A-PR-UWYZ][A-HK-Y])\d[A-Z\d]?\ (?!1ST|2ND|3RD|\d(?:TH|HR|HT))\d[ABD-HJLNP-UW-Z]{2}(?![\p{L}\d])",
    ),
    _Sign(_ADDRESS, r"post\ ?code(?:\ is)?:?\ (?P<it>[a-z]{1,2}\d[a-z\d]?\ ?\d[a-z]{2})(?![\p{L}\d])", True),
    _Sign(
        _ADDRESS,
        r"""\p{Lu}\p{Ll}[\p{L}'’.-]{0,30}(?:,\ [A-Z]{2}\ \d{5}|\ (?!II|IV|VI|CT|
        MS)[A-Z]{2}\ \d{5}(?!\ \p{L}))(?![\p{L}\d]|,\d)""",
    ),
    _Sign(_ADDRESS, r"zip(?:\ code)?(?:\ is)?:?\ (?P<it>\d{5})(?!\d)|p\.?\ ?o\.?\ box\ \d+", True),
    # "Dr. Burkitt's Diet" and no more is a title; "the Mr Fit trial" and "Dr Crohn's disease" name no reader.
    _Sign(
        _NAME,
        rf"""(?:(?:[Mm]r|Mrs|[Mm]s|Mx|[Pp]rof|(?!^\S+(?:\ \p{{Lu}}\S*)+$)[Dd]r)\.?(?:\ med\.)?|Miss|Mister|Sir|Madam|
        Professor|[Dd]octor|[Nn]urse|
        Sister|(?<!\p{{L}}\ )miss)\ {_WHOLE}(?!\ (?:diet|disease|method|scor|sign|stud|syndrome|test|trial))""",
    ),
    _Sign(_NAME, r"mrs\.?\ (?!and|or)(?P<it>\p{Ll}{3,30}(?:['’]s)?)"),
    _Sign(
        _NAME,
        rf"""(?:my|his|her|their|\p{{L}}{{2,12}}['’]s)\ (?:full\ |first\ |last\ )?name(?:\ is|['’]?s)\ (?!(?:an?|at|in|
        no|not|on|so|the|to)\ )(?P<it>(?-i:{_FULL})|\p{{L}}{{2,30}})""",
        True,
    ),
    _Sign(
        _NAME,
        rf"""(?:[Mm]y|[Ff]ull|[Ff]irst|[Ll]ast|[Pp](?:atien)?t(?:['’]s)?|
        {_PERSON}['’]s)\ [Nn]ame(?:\ is)?[\ :=]{{1,3}}{_WHOLE}""",
    ),
    _Sign(_NAME, rf"(?<!\p{{L}}\ )(?:[Ss]ur|[Ff]ore)?[Nn](?:ame|AME)\ ?[:=]\ ?{_WHOLE}"),
    _Sign(_NAME, rf"I(?:\ am|['’]m)(?:\ called)?\ {_PEOPLES}{_TWO}{_END}"),
    _Sign(
        _NAME,
        rf"""(?:Hi|hi|Hello|hello|Hey)[,.!]?\ (?:I\ am|I['’]m|[Tt]his\ is)\ {_PEOPLES}{_WHOLE}{_END}|
        ^This\ is\ {_TWO}[.,]""",
    ),
    _Sign(
        _NAME,
        rf"""(?:[Pp]atient|PATIENT|[Pp]t)(?:\ is)?[:,]?\ (?!Care|Educ|Gener|Global|Health|Inform|Report|
        Safety){_PAIR}(?=\ ?[^\ \p{{L}}]|\ \p{{Ll}}|$)""",
    ),
    _Sign(_NAME, rf"{_PERSON}(?:\ is)?\ (?:called|named)\ {_WHOLE}"),
    _Sign(_NAME, rf"(?!(?i:{_PERSON}))(?P<it>{_WORD}(?<=['’]s))\ {_PERSON}(?!\p{{L}})"),
    _Sign(
        _NAME,
        rf"""(?:[Hh]i|[Hh]ello|[Hh]ey|Good\ \p{{Ll}}+),?\ (?:\p{{Ll}}+[,.]\ )?(?:it['’]?s\ )?{_WHOLE}(?=\ here|
        [.,!]\ )""",
    ),
    _Sign(_NAME, rf"(?:it['’]?s|[Tt]his\ is)\ {_WHOLE}\ here(?!\p{{L}})"),
    _Sign(_NAME, rf"[Nn]ext\ of\ kin:?\ (?:is\ )?{_WHOLE}"),
    _Sign(_NAME, rf"{_TWO},?\ \(?\d\d(?=[,;.)]|\ ?(?:[MFmfy]|years?)(?!\p{{L}}))"),  # John Smith, 67, or (67)
    _Sign(_NAME, rf"(?:call|calls|called)\ (?:me|him|her)\ {_WHOLE}"),
    _Sign(_NAME, rf"(?=\p{{Lu}}\p{{Ll}}){_WHOLE},\ who\ (?:fell|feels|ha[ds]|lives|needs|said|says|takes|took)(?!\p{{L}})"),
    _Sign(
        _NAME,
        rf"""(?:[Mm]y|[Oo]ur)\ {_PERSON}\ {_WHOLE}\ (?:(?:asks|fell|feels|got|had|has|is|keeps|needs|said|says|started|
        takes|took|wants)
        (?!\p{{L}})|was\ (?!it|th))""",
    ),
    _Sign(_NAME, rf"(?:[Mm]y|[Oo]ur)\ {_PERSON}(?:,\ {_WHOLE}(?=,)|\ \({_WHOLE}\))"),
    _Sign(
        _NAME,
        rf"""(?P<it>{_WORD},?\ {_PARTICLES}{_WORD}(?:\ {_WORD})?)\ ?[(,;:–-]{{0,2}}\ ?(?=[Dd]\.?[Oo]\.?[Bb](?!\p{{L}})|
        [Dd]ate\ of\ birth|MRN|NHS\ [Nn][ou]|born\ (?:on\ )?(?:\[|\d))""",
    ),
    _Sign(
        _NAME,
        rf"""(?:[Tt]hanks|[Tt]hank\ you|[Rr]egards|[Ss]incerely|[Ff]aithfully|[Cc]heers|[Bb]est\ wishes|
        [Ss]igned:?)(?:(?:\ \p{{Ll}}{{2,9}}){{0,3}}
        [,.!]{{1,3}})?\ (?!Do?c){_WHOLE}\ ?[.!]?$""",
    ),
    # What stands beside a detail: the head of a letter, a name with a date.
    _Sign(_NAME, rf"{_TWO}(?=[\ ,:;(–-]{{1,3}}(?:tel\.?\ |phone\ )?\[(?:address|phone|e-mail)\])"),
    _Sign(_DATE, rf"\[name\][\ ,(]{{1,3}}(?P<it>{_ANY_DATE})", True),
)


def redact(text: str) -> str:
    """A text in one line with a mark such as `[name]` in the place of each personal detail that was found. English only."""
    narrow = re.sub(r"[！-～]+", lambda wide: unicodedata.normalize("NFKC", wide[0]), text)  # East Asian keyboards
    plain = " ".join(unicodedata.normalize("NFC", narrow).split())
    named: set[str] = set()
    for sign, pattern in _patterns():
        plain = pattern.sub(lambda found, sign=sign: _marked(found, sign, named), plain)
    return without_names(_without(plain, named), _NAME)


def details(redacted: str) -> int:
    """How many details were taken out of a text."""
    return sum(redacted.count(mark) for mark in MARKS)


def _marked(found: regex.Match[str], sign: _Sign, named: set[str]) -> str:
    whole: str = found[0]
    if sign.right and not sign.right(re.sub(r"\D", "", whole)):
        return whole
    start, end = found.span("it") if found.re.groupindex.get("it") and found["it"] else found.span()
    if sign.mark == _NAME:
        named.update(word for word in re.findall(r"[^\W\d_]{3,}", found.string[start:end]) if word[0].isupper())
    return f"{whole[: start - found.start()]}{sign.mark}{whole[end - found.start() :]}"


def _without(text: str, named: set[str]) -> str:
    """Without the names that were found, wherever else they stand."""
    if not named:
        return text
    again = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, sorted(named, key=len, reverse=True)))})(?![^\W_])")
    return again.sub(_NAME, text)


@cache
def _patterns() -> tuple[tuple[_Sign, regex.Pattern[str]], ...]:
    import regex  # 0.1 s, and only where a question is kept

    def compiled(sign: _Sign) -> regex.Pattern[str]:
        flags = regex.VERBOSE | (regex.IGNORECASE if sign.any_case else 0)
        return regex.compile(rf"(?<![\p{{L}}\d])(?:{sign.pattern})", flags)

    return tuple((sign, compiled(sign)) for sign in _SIGNS)
