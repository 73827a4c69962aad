"""What the numbers of a message mean: a temperature, an amount of tablets, a blood sugar, an age, the weeks of a pregnancy."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBERS = {"dozen": 12, "couple": 2}
_NUMBERS |= {word: 10 * tens for tens, word in enumerate(_TENS.split(" "), 1)}
_NUMBERS |= {word: value for value, word in enumerate(_UNITS.split(" "))}

_TEMPERATURE = frozenset("temp temps temperature fever feverish fevers thermometer degrees degree temprature tmp celsius".split())
_SUGAR = frozenset(
    ["sugar", "sugars", "glucose", "bg", "bm", "bms", "bgl", "cgm", "dexcom", "libre", "sugor", "bloods", "ketone"]
)
_OXYGEN = frozenset(["sats", "sat", "oxygen", "spo2", "saturation", "saturations", "oximeter", "o2", "ox", "spo"])
_PULSE = frozenset(["pulse", "heartrate", "hr", "bpm", "beats", "rate", "heartbeat"])
_OTHER_UNITS = frozenset(
    "kg kgs kilos kilo pounds lbs cm percent % years year mm ml mg mcg weeks week wks months days hours km euros pack".split()
)
#: Words whose number is no measurement: "I am 50", "type 1", "GLP-1".
_COUNTED = frozenset(["am", "aged", "age", "type", "glp", "sglt", "stage", "over", "im", "types", "take", "took", "grade"])
_INFANT = frozenset(
    (
        "baby babies infant newborn son daughter boy girl bub bubba bb nephew niece grandson granddaughter grandchild lo "
        "twin twins"
    ).split()
)


def number_senses(words: Sequence[str], forms: list[tuple[str, ...]]) -> None:
    """Adds to each number's forms what it means: `#many`, `#fever`, `#warm`, `#young`, `#low-sugar` and so on."""
    for i, word in enumerate(words):
        if "/" in word and word[0].isdigit():
            forms[i] += _blood_pressure(word)
            continue
        value = float(word) if word[0].isdigit() else float(_NUMBERS.get(word, -1))
        if value < 0:
            continue
        near = frozenset(form for j in range(max(0, i - 6), min(len(words), i + 4)) for form in forms[j])
        after = words[i + 1] if i + 1 < len(words) else ""
        forms[i] += (
            "#number",
            *(("#tiny",) if 1 <= value < 3.6 and "." in word else ("#eighties",) if 70 <= value < 90 else ()),
            *_amount(value, after),
            *_temperature(word, value, near, after),
            *_measured(value, near, words[i - 1] if i else "", after),
        )
        forms[i] += _age(value, words[i + 1 : i + 4], near)
        forms[i] += _gestation(value, words[max(0, i - 2) : i], words[i + 1 : i + 3])


def _blood_pressure(word: str) -> tuple[str, ...]:
    upper, lower = (int(part) for part in word.split("/"))
    if not (50 <= upper <= 300 and 30 <= lower <= 180 and upper > lower):
        return ()
    senses = ["#bp"]
    senses += ["#bp-high"] if upper >= 140 or lower >= 90 else []
    senses += ["#bp-very-high"] if upper >= 180 or lower >= 120 else []
    senses += ["#bp-low"] if upper < 90 else []
    return tuple(senses)


def _amount(value: float, unit: str) -> tuple[str, ...]:
    """Eight tablets at once are nobody's dose; grams and milligrams are counted by what they weigh."""
    if unit in ("mg", "milligrams"):
        return ("#many",) if value >= 5000 else ()
    if unit in ("g", "grams", "gram", "gms"):
        return ("#many",) if value >= 5 else ()
    if unit in _OTHER_UNITS or unit in (
        "minutes",
        "hour",
        "minute",
        "day",
        "month",
        "am",
        "pm",
        "clock",
        "th",
        "per",
        "f",
        "c",
        "degrees",
    ):
        return ()
    return ("#many",) if 8 <= value < 1000 and value.is_integer() else ()


def _temperature(word: str, value: float, near: frozenset[str], after: str) -> tuple[str, ...]:
    """`#fever` from 38 °C or 100.4 °F, `#warm` from 37.5 °C or 99.5 °F (what oncology lines act at), `#cold` below 36 °C.

    A number is a temperature by its unit, by a word near it, or by being written like one (38.6).
    """
    meant = not near.isdisjoint(_TEMPERATURE) or after in ("c", "f", "°")
    written = (
        "." in word and after not in _OTHER_UNITS and near.isdisjoint(_SUGAR) and near.isdisjoint(("hba1c", "a1c", "inr", "ldl"))
    )
    if not (meant or (written and 38 <= value < 43)) or after in _OTHER_UNITS - {"degrees"}:
        return ()
    celsius = value if value < 45 else (value - 32) / 1.8
    if celsius >= 37.95 and celsius < 44:
        return ("#fever", "#warm")
    if 37.45 <= celsius < 44:
        return ("#warm",)
    return ("#cold",) if 30 < celsius < 36 and meant else ()


def _measured(value: float, near: frozenset[str], before: str, after: str) -> tuple[str, ...]:
    """Blood glucose (mmol/L up to 35, mg/dL above), oxygen saturation in percent, pulse a minute."""
    senses: list[str] = []
    if (
        not near.isdisjoint(_SUGAR)
        and before not in _COUNTED
        and after not in ("years", "year", "minutes", "hours", "days", "weeks", "months", "hour", "units", "g", "grams")
    ):
        mmol = value if value <= 35 else value / 18
        senses += ["#low-sugar"] if 1 <= mmol < 3.6 else ["#high-sugar"] if mmol >= 13.9 and value >= 13.9 else []
    if not near.isdisjoint(_OXYGEN) and 50 <= value < 92:
        senses.append("#low-oxygen")
    if not near.isdisjoint(_PULSE):
        senses += ["#fast-pulse"] if 130 <= value <= 260 else ["#slow-pulse"] if 20 <= value <= 40 else []
    return tuple(senses)


def _age(value: float, after: Sequence[str], near: frozenset[str]) -> tuple[str, ...]:
    """`#young`: under three months old; `#child`: under thirteen years."""
    unit = after[0] if after else ""
    old = "old" in after or not near.isdisjoint(_INFANT)
    if not old or "pregnant" in after or "pregnant" in near:
        return ()
    limit = {"day": 90, "days": 90, "week": 13, "weeks": 13, "month": 3, "months": 3}.get(unit)
    if limit is not None:
        return (
            ("#young", "#child")
            if value < limit or (value == limit and unit.startswith("day"))
            else ("#child",)
            if value < 36
            else ()
        )
    return ("#child",) if unit in ("year", "years") and value < 13 and "old" in after else ()


def _gestation(value: float, before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """`#gestation`: weeks of a pregnancy, as one says "32 weeks" for it; not "for 32 weeks", "32 weeks ago", "8 weeks old"."""
    if not after or after[0] not in ("weeks", "week") or not 4 <= value <= 42 or not value.is_integer():
        return ()
    if not _SPANS_BEFORE.isdisjoint(before) or (len(after) > 1 and after[1] in _SPANS_AFTER):
        return ()
    return ("#gestation", "#early-gestation") if value <= 12 else ("#gestation",)


_SPANS_BEFORE = frozenset(
    "for in last past every after about over within first next since another than under until only six".split()
)
_SPANS_AFTER = frozenset(
    "ago old later since after of post back now time course running apart treatment on holiday then out away".split()
)
