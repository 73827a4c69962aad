"""Whether a sentence says what one quoted sentence says: the same meaningful words in the same order.

Doses, negations, comparisons and populations stay with what they belong to because nothing changes places. Allowed, beside
plain words and other ways to say the same (vocabulary.py), is only what cannot turn the meaning:

- the source ("ACC/AHA 2025", "the US label") left out or moved, where the quote names one source; the verb by which that
  source recommends moves with it, with its "not" and its "strongly";
- a parenthesis left out that holds no limit, comparison, strength or condition;
- a last clause with a verb of its own left out that holds none of these either;
- the one adverbial clause moved from the front to the end or back, where nothing else could take it ("in adults, …").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.generative.sources import sources
from assistant.generative.vocabulary import BARRIERS, HEDGES, NEGATION, QUALIFYING, RECOMMENDING, SAYING, SETTINGS
from assistant.generative.wording import Word, base_form, words

_SAYING = frozenset(map(base_form, SAYING))
_QUALIFYING = frozenset(map(base_form, QUALIFYING))
_RECOMMENDING = frozenset(map(base_form, RECOMMENDING))
_HEDGING = frozenset(map(base_form, NEGATION | HEDGES))
#: Before a source: "by ACR 2020", "under ACR 2020", "according to ACR 2020".
_BEFORE_SOURCE = _SAYING | {"by", "<"}
_BARRIERS = frozenset(map(base_form, BARRIERS))
_MODAL = frozenset(map(base_form, ("should", "must", "may", "can")))


Words = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the quote says it, and the words that stand in one of the two only."""

    same: bool
    added: tuple[str, ...]
    missing: tuple[str, ...]  # of those that may not be left out


@dataclass(frozen=True, slots=True)
class Pair:
    """The words of a sentence and of what it is held against."""

    said: Words
    told: Words
    source_verb: tuple[int, int] | None = None  # where in the quote the verb stands that goes with its source
    verb: tuple[int, int] | None = None  # that verb is cut out of both: where it stood in the quote, and in the sentence


def compare(sentence: str, quoted: str) -> Comparison:
    """`quoted` is one sentence of a quote."""
    whole = Pair(words(sentence), words(quoted))
    named = _without_source(whole)
    said, told = named.said, named.told
    same = any(_says(pair) for pair in dict.fromkeys((_without_verb(named), named, whole)))
    optional = _optional(told)
    required = [word for at, word in enumerate(told) if not any(at in block for block in optional)]
    return Comparison(same, _only_in(said, told), _only_in(required, said))


def _says(pair: Pair) -> bool:
    optional = _optional(pair.told)
    for order in _orders(pair.told):
        places = _places(pair.said, pair.told, order, optional)
        if places and (pair.verb is None or _may_stand(pair.told, *pair.verb, places)):
            return True
    return False


def _may_stand(told: Words, before: int, now: int, places: Sequence[int]) -> bool:
    """Whether the verb has passed over nothing that it would then no longer say, or newly say, something of.

    "Does not advise A on admission; B is for doubt" must not become "A is on admission; B is not advised for doubt".
    """
    after = places[now - 1] + 1 if now else places[0]
    passed = told[min(before, after) : max(before, after)]
    return not any(word.opener or word.strong or word.text in _BARRIERS for word in passed)


def _only_in(some: Sequence[Word], others: Sequence[Word]) -> tuple[str, ...]:
    left = [word.text for word in others]
    found = []
    for word in some:
        if word.text in left:
            left.remove(word.text)
        else:
            found.append(word.text)
    return tuple(found)


def _without_source(pair: Pair) -> Pair:
    """Both without the quote's source, where it names one."""
    said, told = pair.said, pair.told
    found = sources(told)
    if len(found) != 1:
        return pair
    named = [word.text for word in told[slice(*found[0])]]
    start, end = _bound(told, *found[0])
    acts = found[0][0] == start and not told[start].group and end < len(told)  # "ACR 2020 rechecks", not "(ACR 2020)"
    told = _cut(told, start, end)
    names = set(named) - {word.text for word in told}
    places = [at for at, word in enumerate(said) if word.text in names]
    together = bool(places) and places[-1] - places[0] == len(places) - 1
    if together and Counter(said[at].text for at in places) <= Counter(named):
        said = _cut(said, *_bound(said, places[0], places[-1] + 1))
    return Pair(said, told, _verb(told, start, acts))


def _without_verb(pair: Pair) -> Pair:
    """Both without the verb that stands beside the source, where both have it alike and once."""
    said, told = pair.said, pair.told
    if pair.source_verb is None:
        return pair
    start, end = pair.source_verb
    unit = [word.text for word in told[start:end]]
    alike = [at for at in range(len(said)) if [word.text for word in said[at : at + len(unit)]] == unit]
    if len(alike) != 1 or sum(word.text == unit[-1] for word in (*said, *told)) != 2:
        return pair
    at = alike[0]
    if at and said[at - 1].text in _HEDGING and not said[at].comma:  # "not recommended" is more than "recommended"
        return pair
    return Pair(_cut(said, at, at + len(unit)), _cut(told, start, end), verb=(start, at))


def _bound(some: Words, start: int, end: int) -> tuple[int, int]:
    """With the words that bind a source to its sentence."""
    while start and some[start - 1].text in _BEFORE_SOURCE:
        start -= 1
    while end < len(some) and some[end].text in _SAYING:
        end += 1
    return start, end


def _cut(some: Words, start: int, end: int) -> Words:
    """Without `start:end`; the word after it takes over where a clause ends before it."""
    if end == len(some) or start == end:
        return some[:start] + some[end:]
    first, after = some[start], some[end]
    merged = replace(
        after, comma=after.comma or first.comma, strong=after.strong or first.strong, joined=after.joined or first.joined
    )
    return (*some[:start], merged, *some[end + 1 :])


def _verb(told: Words, at: int, acts: bool) -> tuple[int, int] | None:
    """The verb that goes with the source cut out at `at`, with the words that deny, weaken or strengthen it.

    Before it, "is strongly recommended (by ACR 2020)", or after it, "(ACR 2020) does not recommend", "rechecks".
    """
    end = at
    while end < len(told) and told[end].text in _HEDGING - _RECOMMENDING:
        end += 1
    if end < len(told) and (told[end].text in _RECOMMENDING or (acts and told[end].raw.endswith("s") and not told[end].finite)):
        return at, end + 1
    start = at - 1
    if start < 0 or told[start].text not in _RECOMMENDING:
        return None
    while start and told[start - 1].text in _HEDGING and not (told[start].comma or told[start].opener):
        start -= 1
    return start, at


def _optional(told: Words) -> list[range]:
    """What may be left out, each as a whole."""
    whole = sources(told)
    if len({told[start].group or -start for start, _ in whole}) < 2:  # who said what must stay, but not "(AES 2016, NCS 2012)"
        whole = []
    found = []
    for group, members in groupby(enumerate(told), key=lambda pair: pair[1].group):
        places = [at for at, _ in members]
        named = any(start <= at < end for start, end in whole for at in places)
        if group and not named and _may_go(told[at] for at in places):
            found.append(range(places[0], places[-1] + 1))
    for at, word in enumerate(told):
        ends = word.strong or (word.comma and word.joined)
        verbs = any(one.finite for one in told[1:at]) and any(one.finite for one in told[at + 1 :])
        if at and not word.group and ends and verbs and not whole and _may_go(told[at:]):
            found = [block for block in found if block.stop <= at]
            found.append(range(at, len(told)))
            break
    return found


def _may_go(some: Iterable[Word]) -> bool:
    return not any(word.text in _QUALIFYING for word in some)


def _orders(told: Words) -> Iterator[Sequence[int]]:
    """Orders in which the quote's words may stand: its own, and with one adverbial clause moved."""
    count = len(told)
    yield range(count)
    top = [at for at, word in enumerate(told) if not word.group]
    breaks = [at for at in top if at and (told[at].comma or told[at].strong)]
    openers = [at for at in top if told[at].opener]
    end = top[-1] + 1 if top else 0  # what follows is in parentheses
    for lead, main in _leading(told, breaks, openers, end):
        yield (*range(lead, main), *range(lead), *range(main, count))
        if main == end < count:
            yield (*range(lead, count), *range(lead))
    if openers and openers[0] and set(breaks) <= {openers[0]}:
        yield (*range(openers[0], count), *range(openers[0]))
        yield (*range(openers[0], end), *range(openers[0]), *range(end, count))
    for start in openers:
        verb = next((at for at in range(count) if told[at].finite or told[at].text in _MODAL), 0)
        if 0 < start < verb and not any(start < at < verb for at in (*breaks, *openers)):
            yield (*range(start, verb), *range(start), *range(verb, count))


def _leading(told: Words, breaks: Sequence[int], openers: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    """`(end of the clause that the sentence begins with, end of the main clause behind it)`.

    The main clause has no comma and no second case ("in adults …, and in children …"): nothing else takes the moved one.
    """
    if openers[:1] != [0]:
        return
    for lead, main in zip(breaks, (*breaks[1:], end), strict=False):
        whole = main == end or told[main].strong or told[main].text in _QUALIFYING
        first_joined = next((at for at in range(lead + 1, main) if told[at].joined), main)
        if whole and not any(lead <= at < main and at >= first_joined for at in openers):
            yield lead, main


def _places(said: Words, told: Words, order: Sequence[int], optional: Sequence[range]) -> list[int]:
    """Which of the quote's words each of the sentence's words is, if they are the same in this order but for optional ones."""
    found: list[int] = []
    places = iter(order)
    for place in places:
        block = next((one for one in optional if one.start == place), None)
        wanted = block or range(place, place + 1)
        at = len(found)
        if [word.text for word in said[at : at + len(wanted)]] == [told[one].text for one in wanted]:
            for one in wanted:
                if not _joined_alike(said[len(found)], told, one, found[-1] if found else None):
                    return []
                found.append(one)
        elif block is None:
            return []
        for _ in wanted[1:]:
            next(places)
    return found if len(found) == len(said) else []


def _joined_alike(word: Word, told: Words, place: int, before: int | None) -> bool:
    """Whether it belongs to the word before as in the quote.

    A clause must not end elsewhere: "stop aspirin in children, start …" is not "stop aspirin; in children start …".
    """
    quoted = told[place]
    if before is None:
        return True
    if word.link != quoted.link and word.link and quoted.link and not {word.link, quoted.link} <= SETTINGS:
        return False
    ends = word.comma or word.strong
    if place == 0:  # a clause was moved
        return ends or told[0].opener
    if word.joined and not (quoted.joined or quoted.strong):
        return False
    if quoted.group != told[before].group:
        return True
    if place != before + 1:  # something was left out between
        return ends or word.joined or not (quoted.comma or quoted.strong)
    return (ends or word.joined) == (quoted.comma or quoted.strong or quoted.joined)
