"""`followup staff`: makes what lets somebody sign in to the staff pages, and shows in the terminal what they show.

A secret itself is shown once and kept nowhere.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from assistant.settings import Settings

#: Longest life of a token: what runs by itself is looked after at least once a year.
_MOST_DAYS = 366


@click.group()
def staff() -> None:
    """Who may sign in to the staff pages, and what they show."""


@staff.command()
@click.option("--name", required=True, help="Whose it is: stands in the audit log.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, _MOST_DAYS), help="How long it is good.")
def token(name: str, days: int) -> None:
    """Makes a token, for scripts and for signing in: prints it, and the entry for FOLLOWUP_STAFF_TOKENS."""
    from assistant.staff.credentials import BadEntry, new_token
    from corpus.clock import today

    try:
        made, entry = new_token(name, today() + dt.timedelta(days=days))
    except BadEntry as error:
        raise click.BadParameter(str(error)) from error
    click.echo("The token, shown only now:", err=True)
    click.echo(made)
    click.echo("Add to FOLLOWUP_STAFF_TOKENS, entries parted by commas, and restart the server:", err=True)
    click.echo(entry)


@staff.command()
@click.option("--name", required=True, help="Whose it is: stands in the audit log and on the articles they approve.")
def password(name: str) -> None:
    """Asks for a password and prints its entry for FOLLOWUP_STAFF_PASSWORDS.

    From a pipe it takes the first line; an option would show it to everybody on this machine.
    """
    from assistant.staff.credentials import BadEntry, new_password

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        entry = new_password(name, password)
    except BadEntry as error:
        raise click.BadParameter(str(error)) from error
    click.echo("Add to FOLLOWUP_STAFF_PASSWORDS in single quotes, entries parted by commas, and restart the server:", err=True)
    click.echo(entry)


@staff.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was asked on this day (UTC) or later.")
@click.option("--delete", "question_id", metavar="ID", help="Delete one question in all its askings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def unanswered(load_settings: Any, since: dt.datetime | None, question_id: str | None, as_json: bool) -> None:
    """Questions that got no answer, the most often asked first. Kept only where FOLLOWUP_KEEP_UNANSWERED is on."""
    from assistant.store.database import Database
    from assistant.store.unanswered import UnansweredStore

    settings: Settings = load_settings()
    with closing(Database(settings.database)) as database:
        store = UnansweredStore(database)
        if question_id is not None:
            store.delete(question_id)
        asked = [] if question_id is not None else store.all(f"{since:%Y-%m-%d}" if since else "")
    if as_json:
        found = {"kept": settings.keep_unanswered, "deleted": question_id, "questions": [asdict(one) for one in asked]}
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    elif question_id is not None:
        click.echo(f"deleted {question_id}")
    else:
        for one in asked:
            click.echo(f"{one.times:4}  {one.last_day}  {one.id}  {one.question}")
        on = "" if settings.keep_unanswered else "; FOLLOWUP_KEEP_UNANSWERED is off: no others are kept"
        click.echo(f"{len(asked)} questions{on}")


@staff.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def benchmark(load_settings: Any, as_json: bool) -> None:
    """How well the live index finds the articles' own questions, each without itself. Kept with its generation."""
    from assistant.staff.benchmark import keep, kept, measure
    from index.search import Index

    settings: Settings = load_settings()
    before = kept(settings.index)
    measured = measure(Index.open(settings))
    keep(settings.index, measured)
    if as_json:
        click.echo(json.dumps(asdict(measured), indent=1))
        return
    for one in [measured, *(other for number, other in before.items() if number != measured.generation)][:5]:
        shown = "no article lists a question"
        if one.questions:
            shown = f"hit@1 {one.hit_at_1:.3f}  hit@3 {one.hit_at_3:.3f}  MRR {one.mrr:.3f}  of {one.questions} questions"
        click.echo(f"generation {one.generation:4}  {shown}  ({one.measured_at[:16]}, {one.seconds:.1f} s)")
