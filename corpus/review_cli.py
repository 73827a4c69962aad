"""`followup corpus review|approve|send-back|withdraw|restore|retract`: what staff type to move an article on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from corpus.clock import today
from corpus.errors import FollowupError, StillServed

if TYPE_CHECKING:
    from corpus.acting import Done
    from corpus.settings import CorpusSettings

#: Key of the context's `meta`: builds the index for somebody, and says which generation serves then.
REINDEX = "followup.reindex"

_ARTICLE = click.argument("article_id", metavar="ARTICLE")
_BY = click.option("--by", required=True, help="Who does it: a person's name.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
_NOTE = click.option("--reason", help="Why, for the audit log.")
_LATER = click.option("--later", is_flag=True, help="Leave the index as it is until the next `followup index build`.")
_REASON = click.option("--reason", required=True, help="Why; readers of a withdrawn article are shown it.")


@click.command()
@_ARTICLE
@_BY
@_NOTE
@_JSON
@click.pass_obj
def review(load_settings: Any, article_id: str, by: str, reason: str | None, as_json: bool) -> None:
    """Begins the review of a submitted article, or begins it anew after its text was changed."""
    from corpus.reviewing import start_review

    _run(start_review, load_settings(), article_id, as_json, by=by, reason=reason)


@click.command()
@_ARTICLE
@_BY
@_NOTE
@_JSON
@click.pass_obj
def approve(load_settings: Any, article_id: str, by: str, reason: str | None, as_json: bool) -> None:
    """Approves an article under review in whose file `followup corpus check` finds no error.

    What that finds across files (`same-title`) is not looked at. Writes who, when, and the hash of what was approved into the
    article's file.
    """
    from corpus.retractions import RetractionList
    from corpus.reviewing import approve as run

    settings: CorpusSettings = load_settings()
    _run(run, settings, article_id, as_json, by=by, reason=reason, retracted=RetractionList.load(settings.retractions))


@click.command("send-back")
@_ARTICLE
@_BY
@click.option("--reason", required=True, help="Why, for its author and the audit log.")
@_JSON
@click.pass_obj
def send_back(load_settings: Any, article_id: str, by: str, reason: str, as_json: bool) -> None:
    """Makes an article under review, or an approved one, a submitted one again."""
    from corpus.reviewing import send_back as run

    _run(run, load_settings(), article_id, as_json, by=by, reason=reason)


@click.command()
@_ARTICLE
@_BY
@_REASON
@_LATER
@_JSON
@click.pass_obj
def withdraw(load_settings: Any, article_id: str, by: str, reason: str, later: bool, as_json: bool) -> None:
    """Withdraws an article and builds the index: when it returns, nothing is answered from it any more."""
    from corpus.reviewing import withdraw as run

    _run(run, load_settings(), article_id, as_json, at_once=not later, by=by, reason=reason)


@click.command()
@_ARTICLE
@_BY
@_NOTE
@_JSON
@click.pass_obj
def restore(load_settings: Any, article_id: str, by: str, reason: str | None, as_json: bool) -> None:
    """Takes a withdrawal back: the article is submitted, and reviewed again."""
    from corpus.reviewing import restore as run

    _run(run, load_settings(), article_id, as_json, by=by, reason=reason)


@click.command()
@_ARTICLE
@click.argument("reference")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it was retracted; without it, today.")
@_BY
@_NOTE
@_LATER
@_JSON
@click.pass_obj
def retract(
    load_settings: Any,
    article_id: str,
    reference: str,
    day: dt.datetime | None,
    by: str,
    reason: str | None,
    later: bool,
    as_json: bool,
) -> None:
    """Notes that a source was retracted, and builds the index: what rests on it alone is not quoted any more.

    REFERENCE is its number in the article, its DOI or its PubMed number.
    """
    from corpus.reviewing import retract_reference

    settings: CorpusSettings = load_settings()
    date = day.date() if day else today()
    given = {"reference": reference, "date": date, "by": by, "reason": reason}
    _run(retract_reference, settings, article_id, as_json, at_once=not later, **given)


#: What corpus/cli.py adds to its group.
COMMANDS = (review, approve, send_back, withdraw, restore, retract)


def _run(
    act: Callable[..., Done], settings: CorpusSettings, article_id: str, as_json: bool, *, at_once: bool = False, **given: Any
) -> None:
    """Runs an act and says what it did, and from which index on readers see it. `at_once`: it must not wait for the next."""
    from corpus.audit import AuditLog

    done = act(settings.articles, article_id, log=AuditLog(settings.audit), today=today(), **given)
    for warning in done.warnings if not as_json else ():
        click.echo(str(warning), err=True)
    generation = _reindexed(article_id, given["by"]) if at_once else None
    status = "withdrawn" if done.article.withdrawn else done.article.status.value
    if as_json:
        told = {"article": article_id, "status": status, "entry": done.entry.sequence, "hash": done.entry.hash}
        told |= {"warnings": [str(warning) for warning in done.warnings], "index_generation": generation}
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    click.echo(f"{article_id}: {status.replace('_', ' ')}. Entry {done.entry.sequence} of the audit log, {done.entry.hash[:12]}.")
    seen = f"Generation {generation} serves." if generation else "Readers see it after `followup index build`."
    click.echo(seen)


def _reindexed(article_id: str, by: str) -> int | None:
    """The generation that serves from now on; None where there is no index yet. Raises `StillServed`.

    The index is not the corpus' to know: whoever puts the command line together leaves in its context what builds it.
    """
    reindex: Callable[[str], int | None] | None = click.get_current_context().meta.get(REINDEX)
    try:
        return reindex(by) if reindex else None
    except FollowupError as error:
        raise StillServed(
            f"{article_id} is changed in its file, but answers may STILL REST ON IT AS IT WAS: {error}; "
            "mend that and run `followup index build`"
        ) from error
