"""`followup eval readability`: can patients read what stands around the quotes."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import counting, print_json, show
from eval.datasets import FOLLOWUPS, UNANSWERABLE

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.datasets import FollowUp, Unanswerable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def readability(load_settings: Any, as_json: bool) -> None:
    """The school grade of all that a patient reads outside quotes, over the shipped questions, by answer and kind of text."""
    from assistant.answering import Assistant
    from assistant.store import ConversationStore
    from eval.datasets import load_followups, load_unanswerable
    from eval.provenance import made_by
    from eval.readability import readability_document, readability_tables, run
    from index.search import Index

    settings: Settings = load_settings()
    questions: list[FollowUp | Unanswerable] = [*load_followups(), *load_unanswerable()]
    index = Index.open(settings)
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as folder, counting("asking") as progress:
        store = ConversationStore(f"sqlite:///{folder}/answers.sqlite")
        try:
            report = run(Assistant(index, store, settings), questions, progress)
        finally:
            store.close()
    if as_json:
        print_json({"made_by": made_by(index, settings, [FOLLOWUPS, UNANSWERABLE]), **readability_document(report)})
    else:
        show(*readability_tables(report), *(report.short_of_reach() or ["Every figure is within reach."]))
