"""The small words inside a family name: "van der Eerden", "de la Cruz", "bin Salman"."""

from __future__ import annotations

PARTICLES = frozenset("van von der den de da do dos das du del della di la le el al bin ibn ter ten af av".split())
#: Those behind which even a word that nobody knows is a family name; "de" and "la" also stand in names of diseases and places.
TELLING = frozenset("van von der den bin ibn".split())
