"""Names that nothing beside them marks: how many go, and that drugs, eponyms and places stay."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.names import Kind, kind_of
from assistant.redaction import redact
from tests.personal_names import AFTER, BLIND, KEPT, LAST, marked

ROOT = Path(__file__).parents[1]


def _left(name: str, redacted: str) -> list[str]:
    """The words of a name (two letters and more, but titles) that are still there."""
    words = (word for word in re.findall(r"[^\W\d_]{2,}", name) if word.lower() not in ("mr", "mrs", "dr"))
    return [word for word in words if re.search(rf"(?<![^\W_]){re.escape(word)}s?(?![^\W_])", redacted)]


@pytest.mark.parametrize(
    ("wordings", "share"),
    # Before redaction knew names, 22 of the 200 of BLIND went. At first sight of the words and places: BLIND 173 of 200, AFTER 76
    # of 87, LAST 50 of 56, and each was then mended by general rules. What is new goes as at first sight: nearly nine of ten.
    [(BLIND, 0.98), (AFTER, 0.96), (LAST, 0.96)],
    ids=["written before", "written after", "written last"],
)
def test_names_go_that_nothing_marks(wordings: str, share: float) -> None:
    names = [(name, text) for text, found in marked(wordings) for name in found]
    missed = [(name, redact(text)) for name, text in names if _left(name, redact(text))]
    assert len(names) >= 56
    assert len(missed) <= (1 - share) * len(names), missed


def test_drugs_eponyms_and_places_stay() -> None:
    """At first sight 3 of the 108 lost a word."""
    assert [(text, redact(text)) for text in KEPT.splitlines() if redact(text) != text] == []


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Siobhan", Kind.GIVEN),
        ("BJÖRN", Kind.GIVEN),
        ("yilmaz", Kind.GIVEN),
        ("Jean-Luc", Kind.GIVEN),
        ("O'Sullivan", Kind.GIVEN),
        ("Featherstone", Kind.SURNAME),
        ("Wojtek", Kind.UNKNOWN),
        ("Grace", Kind.BOTH),
        ("Georgia", Kind.BOTH),
        ("Parkinson", Kind.WORD),
        ("Beta-blocker", Kind.WORD),
        ("zilebesiran", Kind.UNKNOWN),
        ("tirzepatide", Kind.WORD),
        ("doesn't", Kind.WORD),
    ],
)
def test_a_word_alone_says_how_much_it_is_a_name(word: str, kind: Kind) -> None:
    assert kind_of(word) is kind


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("my husband Tariq's knee is swollen", "my husband [name]'s knee is swollen"),
        ("Ask for Wojciech", "Ask for [name]"),
        ("dr yilmaz told me to stop", "dr [name] told me to stop"),
        ("Featherstone refuses statins", "[name] refuses statins"),
        ("Consuelo de la Fuente has gout", "[name] has gout"),
        ("Jack and Ruby have head lice", "[name] and [name] have head lice"),
        ("Zebulonia is new to me, is it a statin?", "Zebulonia is new to me, is it a statin?"),
        ("Is Noonan syndrome inherited?", "Is Noonan syndrome inherited?"),
        ("Will Wegovy mark my skin?", "Will Wegovy mark my skin?"),
    ],
)
def test_the_name_goes_and_what_is_asked_stays(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_redacting_twice_changes_nothing_more() -> None:
    """What a reader deletes is found by its redacted wording."""
    for text, _ in marked(BLIND + AFTER + LAST):
        assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("part", ["Zzz ", "Aa, ", "my wife ", "van der ", "Aaaaa-", "O'", "Xx and "])
def test_time_grows_with_the_length_and_nothing_else(part: str) -> None:
    """Only 300 characters are ever kept; 4,000 within 1 s."""
    import time

    redact("Siobhan fell")  # reads the lists
    began = time.process_time()
    redact((part * 4000)[:3999] + "!")
    assert time.process_time() - began < 1


def test_the_lists_are_read_when_a_question_is_redacted() -> None:
    code = "import sys, assistant.redaction as it; f = lambda: print('faker' in sys.modules); f(); it.redact('Siobhan fell'); f()"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
