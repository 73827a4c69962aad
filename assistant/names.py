"""What a word may be: a given name, a surname, a name and a word alike ("Grace", "Mark"), unknown, or no name.

Names are those of Faker's lists for 87 languages and countries and the surnames of the census of the United States (the package
`names`); words are those of lemminflect's table (which writes "Margaret" with a capital and "mark" without) and of the shipped
articles. symspellpy's dictionary is no help: it has names among its words. `eponyms.toml` has what medicine calls by a name.
The lists take half a second when the first question is kept, and no network.
"""

from __future__ import annotations

import gzip
import importlib
import pkgutil
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from functools import cache, lru_cache
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from assistant.drugs import drugs_in

#: How drugs, diseases, procedures and chemicals end that no list has.
_MEDICAL = re.compile(
    r".*(?:mab|nib|lib|cept|prazole|azole|statin|pril|sartan|olol|dipine|gliptin|flozin|tide|xaban|gatran|parin|cillin|mycin|micin"
    r"|xacin|vir|cycline|profen|caine|zepam|zolam|setron|triptan|lukast|dronate|steride|terol|sone|solone|lone|mide|zide"
    r"|amine|idine|zine|pine|toin|ium|itis|osis|oses|a?emia|uria|oma|omas|omata|pathy|ectomy|o[st]tomy|scop[yi]|plasty|graphy"
    r"|gram|algia|plegia|paresis|penia|philia|trophy|trophic|genic|genesis|lytic|lysis|cyte|cytes|emic|otic|itic|oid|oids|ase"
    r"|phobia|dynia|rrh?[oe]e?a|uric|ac[ae]l|ular|onal|ology|ologist|ation|ness|ism|ity|ical|ous)"
)
_CONTRACTED = re.compile(r"['’](?:[ds]|ve|re|ll|m|t)$", re.IGNORECASE)
#: The letters that have no plain one inside them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"})


class Kind(IntEnum):
    """How much a word alone says that somebody is named."""

    WORD = 0
    BOTH = 1
    UNKNOWN = 2
    SURNAME = 3
    GIVEN = 4


def folded(word: str) -> str:
    """In lower case, without accents: "Björn" and "BJORN" are one name."""
    lower = word.lower()
    if lower.isascii():
        return lower
    parts = unicodedata.normalize("NFKD", lower.translate(_PLAIN))
    return "".join(part for part in parts if not unicodedata.combining(part))


@lru_cache(maxsize=4096)
def kind_of(word: str) -> Kind:
    """What a word may be, in whatever case; of one with a hyphen, what its parts say together."""
    if _CONTRACTED.search(word):
        return Kind.WORD
    parts = [part for part in re.split(r"[-‐]", re.sub(r"^[ODLod]['’]", "", word)) if part]
    kinds = [_kind(folded(part)) for part in parts if len(part) > 1]
    if len(kinds) < len(parts) or not kinds or any(part.lower() in _eponyms() for part in parts):
        return Kind.WORD
    if Kind.WORD in kinds and (kinds[0] is Kind.WORD or (kinds[0] < Kind.SURNAME and len(parts[-1]) > 4)):
        return Kind.WORD
    return max(kinds)


def is_eponym(word: str) -> bool:
    """Whether medicine calls something by that name."""
    return word.lower() in _eponyms()


def _kind(word: str) -> Kind:
    given, surnames = _names()
    if word in _words() or word in _places():
        return Kind.BOTH if word in given or word in surnames else Kind.WORD
    if word in given:
        return Kind.GIVEN
    if word in surnames or word in _american():
        return Kind.SURNAME
    return Kind.WORD if _MEDICAL.fullmatch(word) or drugs_in(word).named else Kind.UNKNOWN


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """Faker's given names and surnames in Latin letters."""
    import faker.providers.person as people

    given: list[str] = []
    surnames: list[str] = []
    for each in pkgutil.iter_modules(people.__path__):
        provider = importlib.import_module(f"{people.__name__}.{each.name}").Provider
        for attribute in dir(provider):
            if "first_name" in attribute or "last_name" in attribute:
                (given if "first" in attribute else surnames).extend(_texts(getattr(provider, attribute)))
    return _latin(given), _latin(surnames)


def _latin(names: list[str]) -> frozenset[str]:
    """Each word of two and more plain letters of some names."""
    return frozenset(word for word in re.findall(r"[^\W\d_]{2,}", folded(" ".join(names))) if word.isascii())


@cache
def _american() -> frozenset[str]:
    """The surnames of the census of the United States in 1990: 88,799, from everywhere."""
    # The package's list alone, which it offers no function for.
    listed = Path(str(distribution("names").locate_file("names/dist.all.last"))).read_text("ascii")
    return frozenset(line.split()[0].lower() for line in listed.splitlines())


def _texts(listed: object) -> Iterator[str]:
    """The names of a provider's attribute: a list, or a table of how frequent each is; nothing of a method."""
    if isinstance(listed, str):
        yield listed
    elif isinstance(listed, list | tuple | set | frozenset | dict):
        for each in listed:
            yield from _texts(each)


@cache
def _forms() -> frozenset[str]:
    """The word forms of lemminflect that are written small: "mark", not "Margaret"."""
    # Its table alone: the package would load numpy and a model that nobody needs here.
    table = distribution("lemminflect").locate_file("lemminflect/resources/lemma_lu.csv.gz")
    with gzip.open(str(table), "rt", encoding="utf-8") as file:
        return frozenset(form for line in file if (form := line.partition(",")[0]).islower())


@cache
def _words() -> frozenset[str]:
    articles = (each.read_text("utf-8") for each in files("corpus").joinpath("articles").iterdir() if each.name.endswith(".md"))
    return _forms().union(*(re.findall(r"(?<![\w.@/-])[a-z]{3,}(?![\w@/])", text) for text in articles))


@cache
def _eponyms() -> frozenset[str]:
    table = tomllib.loads(files("assistant").joinpath("eponyms.toml").read_text("utf-8"))
    return frozenset(word.lower() for name, words in table.items() if name != "places" for word in words.split())


@cache
def _places() -> frozenset[str]:
    table = tomllib.loads(files("assistant").joinpath("eponyms.toml").read_text("utf-8"))
    return frozenset(folded(word) for word in table["places"].split())
