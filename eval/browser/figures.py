"""What a browser measured, as the figures of issue 5's table, and beside them what was found, each in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eval.latency import Figure
from eval.measures import percentile

if TYPE_CHECKING:
    from eval.browser.accessibility import Looked
    from eval.browser.payloads import Tried
    from eval.browser.rendering import Rendered
    from eval.browser.speed import Painted, Waited

#: Figures, and what they were counted from where it is more than a number.
Measured = tuple[list[Figure], dict[str, Any]]


def axe_figures(looked: Sequence[Looked]) -> Measured:
    """Violations are places: one rule broken at three elements counts three times."""
    places = sum(len(found.places) for one in looked for found in one.violations)
    found = [str(one) for one in looked if one.violations or one.not_shown]
    return [
        Figure("axe_combinations", len(looked)),
        Figure("axe_violations", places),
        Figure("axe_states_not_shown", sum(bool(one.not_shown) for one in looked)),
    ], {"axe": found} if found else {}


def weight_figures(shipped: int, by_page: Mapping[str, int]) -> Measured:
    """Everything there is, and what each page loads of it, in thousands of bytes."""
    pages = [Figure(f"script_and_style_of_{name}_kb", size / 1000) for name, size in by_page.items()]
    return [Figure("script_and_style_kb", shipped / 1000), *pages], {}


def paint_figures(painted: Sequence[Painted]) -> Measured:
    """Of all loads of an article's page."""
    return [
        Figure("largest_paint_p50_s", percentile([one.largest_s for one in painted], 50)),
        Figure("largest_paint_worst_s", max(one.largest_s for one in painted)),
        Figure("shift_worst", max(one.moved for one in painted)),
    ], {}


def ask_figures(waited: Sequence[Waited]) -> Measured:
    """The first sentence over the answers that have one; the whole over all."""
    sentences = [one.sentence_ms for one in waited if one.sentence_ms is not None]
    whole = [one.whole_ms for one in waited]
    return [
        Figure("questions_asked", len(waited)),
        Figure("questions_with_sentences", len(sentences)),
        *(Figure(f"first_sentence_p{percent}_ms", percentile(sentences, percent)) for percent in (50, 95)),
        *(Figure(f"whole_answer_p{percent}_ms", percentile(whole, percent)) for percent in (50, 95)),
        Figure("shift_while_answering_worst", max(one.moved for one in waited)),
    ], {}


def article_figures(rendered: Sequence[Rendered]) -> Measured:
    """The share of pages that are whole, and what the others lack."""
    wrong = {
        f"{one.article_id}, {one.audience}": [*one.missing_marks, *one.dead_links, *one.empty_sections]
        for one in rendered
        if not one.whole
    }
    return [
        Figure("pages_rendered", len(rendered)),
        Figure("pages_rendered_whole", sum(one.whole for one in rendered) / len(rendered)),
    ], {"articles": wrong} if wrong else {}


def payload_figures(count: int, tried: Tried) -> Measured:
    """`payloads_held_by_policy_only`: what the page would have done, had the Content-Security-Policy let it."""
    return [
        Figure("payloads_tried", count),
        Figure("payload_pages", tried.pages),
        Figure("payloads_executed", tried.executed),
        Figure("payloads_held_by_policy_only", tried.held_by_policy),
        Figure("requests_to_other_hosts", tried.foreign),
    ], {}
