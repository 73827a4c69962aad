"""Accepts or refuses what a reader typed, before anything else looks at it. Refusals never repeat the question."""

from __future__ import annotations

import unicodedata

from corpus.errors import QuestionRefused

#: Longer texts are documents, not questions.
MAX_CHARACTERS = 4000
#: White space that keeps its meaning; every other control character is refused.
_SPACES = {"\n", "\r", "\t"}


def clean_question(text: str) -> str:
    """The question without invisible characters at its ends. Raises `QuestionRefused` (413 or 422)."""
    if len(text) > MAX_CHARACTERS:
        raise QuestionRefused(f"the question has {len(text)} characters; at most {MAX_CHARACTERS} are taken", status=413)
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            raise QuestionRefused("the question holds half a surrogate pair; send valid Unicode")
        if category == "Cc" and character not in _SPACES:
            raise QuestionRefused(f"the question holds the control character U+{ord(character):04X}")
    stripped = text.strip().strip("\u200b\u200c\u200d\u2060\ufeff\u00ad \t\r\n")
    if not any(unicodedata.category(character)[0] in "LN" for character in stripped):
        raise QuestionRefused("the question is empty; type what you want to know")
    return stripped
