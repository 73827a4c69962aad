"""`followup audit …`: what staff type to read the audit log and to hold it against itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from corpus.audit import Entry
    from corpus.settings import CorpusSettings


@click.group()
def audit() -> None:
    """The audit log: who changed what and when, and whether the log is whole.

    \b
    followup audit list --subject gout-flares-urate-lowering
    followup audit verify
    """  # noqa: D301  # click wants the backspace itself


@audit.command("list")
@click.option("--subject", help="Only entries about this: an article's id.")
@click.option("--action", help="Only entries of this act: approve, withdraw, reindex, ...")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only entries of this day (UTC) or later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def list_entries(load_settings: Any, subject: str | None, action: str | None, since: datetime | None, as_json: bool) -> None:
    """The entries, the oldest first: number, time (UTC), act, subject, who, details."""
    from corpus.audit import AuditLog

    settings: CorpusSettings = load_settings()
    begin = f"{since:%Y-%m-%d}" if since else ""
    entries = [entry for entry in AuditLog(settings.audit).entries(subject) if entry.at >= begin]
    entries = [entry for entry in entries if action in (None, entry.action)]
    if as_json:
        click.echo(json.dumps({"entries": [asdict(entry) for entry in entries]}, indent=1))
        return
    for entry in entries:
        click.echo(_as_line(entry))


@audit.command()
@click.option(
    "--head", metavar="HASH", help="The hash of an entry (12 letters or more) that you noted elsewhere: it must still be there."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def verify(load_settings: Any, head: str | None, as_json: bool) -> None:
    """Finds entries that were changed, removed, put in or moved, a cut-off end, and acts that were cut short.

    Exit code 1 when there is one. Note the printed hash where the server cannot write: `--head` finds what this cannot.
    """
    from corpus.acting import unfinished
    from corpus.audit import AuditLog

    settings: CorpusSettings = load_settings()
    log = AuditLog(settings.audit)
    found = log.verify(head)
    cut = unfinished(settings.articles, log)
    if as_json:
        told = {"entries": found.count, "head": found.head}
        told |= {"problems": list(map(str, found.problems)), "notes": list(map(str, found.notes))}
        click.echo(json.dumps(told | {"unfinished": [asdict(entry) for entry in cut]}, indent=1))
    else:
        for line in (*found.problems, *found.notes):
            click.echo(str(line))
        for entry in cut:
            did = f"{entry.action} of {entry.subject} by {_shown(entry.actor)}"
            click.echo(f"entry {entry.sequence}: {did} is not in the article's file")
        wrong = f"{len(found.problems)} problems, {len(cut)} acts that did not take place"
        click.echo(f"{found.count} entries, {wrong}; head {found.head}")
    raise SystemExit(1 if found.problems or cut else 0)


def _as_line(entry: Entry) -> str:
    details = " ".join(f"{key}={value}" for key, value in entry.details.items() if not key.startswith("file_"))
    return _shown(f"{entry.sequence:>6}  {entry.at}  {entry.action:<12}  {entry.subject}  {entry.actor}  {details}").rstrip()


def _shown(text: str) -> str:
    """Nothing in it moves the terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
