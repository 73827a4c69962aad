"""Corpus care: what staff should mend in articles, found by small rules (`rules.RULES`, docs/linting.md)."""

from corpus.linting.checking import Report, lint, lint_across, lint_article

__all__ = ["Report", "lint", "lint_across", "lint_article"]
