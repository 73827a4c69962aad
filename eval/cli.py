"""`followup eval …`: what evaluators type. Each command measures, prints a table, and with `--json` one JSON document."""

from __future__ import annotations

import click

from eval.commands.browser import browser, screenshots
from eval.commands.collections import peers, retrieval
from eval.commands.conditions import conditions
from eval.commands.faults import faults
from eval.commands.gate import gate
from eval.commands.not_worse import not_worse
from eval.commands.points import points
from eval.commands.questions import abstention, answers, followups, judge
from eval.commands.readability import readability
from eval.commands.results import compare, report
from eval.commands.safety import safety
from eval.commands.speed import latency


@click.group()
def eval() -> None:
    """Benchmarks: are follow-ups found, are unanswerable questions left alone, how fast is it.

    \b
    followup eval retrieval --dataset ../shared/data/nfcorpus --split dev --config shipped --config lexical
    followup eval followups
    followup eval abstention
    followup eval answers
    followup eval conditions
    followup eval gate
    followup eval readability
    followup eval safety --only dangers
    followup eval points
    followup eval latency --only server
    followup eval browser --only axe
    followup eval faults --only kills
    followup eval compare var/eval/results/before var/eval/results/after
    followup eval not-worse --live var/index
    followup eval peers --dataset ../shared/data/nfcorpus --split dev
    followup eval report
    """  # noqa: D301  # click wants the backspace itself


for command in (
    retrieval,
    followups,
    answers,
    conditions,
    gate,
    judge,
    abstention,
    readability,
    safety,
    points,
    latency,
    browser,
    screenshots,
    faults,
    compare,
    not_worse,
    report,
    peers,
):
    eval.add_command(command)
