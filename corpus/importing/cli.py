"""`followup corpus import …`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.clock import today
from corpus.importing.formats import FORMATS, Format
from corpus.user import user_name

if TYPE_CHECKING:
    from corpus.importing.batch import Tally
    from corpus.importing.types import Refused
    from corpus.importing.writing import Outcome
    from corpus.settings import CorpusSettings


@click.command("import")
@click.argument("name", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", "folder", type=click.Path(file_okay=False, path_type=Path), help="Instead of FOLLOWUP_ARTICLES.")
@click.option("--source", default="", help="Who publishes the files, where they do not say it.")
@click.option("--licence", default="", help="Under which terms they may be used, likewise.")
@click.option("--specialty", default="", help="The medical specialty, likewise.")
@click.option("--by", default=user_name, show_default="your login name", help="Whom the audit log names.")
@click.option("--dry-run", is_flag=True, help="Writes nothing; prints every change as a unified diff.")
@click.option("--replace", is_flag=True, help="Takes the source's new text also where staff edited or reviewed the old one.")
@click.option("--seconds", default=2.0, show_default=True, type=click.FloatRange(0.1, 600), help="Longest time for one document.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def import_articles(
    load_settings: Any, /, name: str, paths: tuple[Path, ...], folder: Path | None, by: str, as_json: bool, **given: Any
) -> None:
    """Imports articles as submitted: files, or all files of the format below a folder.

    Files are refused one by one, with the reason, and the rest goes on; then the exit code is 1. What was imported before is
    updated, unless staff edited or reviewed it here. A web page is known by the address that it names; other files, and pages
    without one, by their path below the folder that is given: give the same folder again, not its files.

    \b
    followup corpus import medquad MedQuAD/1_CancerGov_QA --dry-run
    followup corpus import html page.html --source "Example College" --licence CC-BY-4.0
    """  # noqa: D301  # click wants the backspace itself
    form = FORMATS[name]
    if missing := [f"--{option}" for option in form.told if not given[option].strip()]:
        raise click.UsageError(f"{form.description} does not say it itself: give {' and '.join(missing)}")
    settings: CorpusSettings = load_settings()
    began = time.monotonic()
    tally, rows = _run(settings, form, paths, folder or settings.articles, by=by, as_json=as_json, **given)
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        document = {**tally.as_dict(), "seconds": seconds, "dry_run": given["dry_run"], "documents": rows}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        said = ", ".join(f"{number} {kind}" for kind, number in tally.as_dict().items())
        click.echo(f"{said}; {seconds:.1f} s{'; nothing was written' if given['dry_run'] else ''}")
    if not tally.counts.total():
        raise click.ClickException(f"no file ending in {' or '.join(form.suffixes)} there")
    raise SystemExit(1 if tally.counts["refused"] else 0)


def _run(
    settings: CorpusSettings,
    form: Format,
    paths: tuple[Path, ...],
    folder: Path,
    *,
    by: str,
    as_json: bool,
    source: str,
    licence: str,
    specialty: str,
    dry_run: bool,
    replace: bool,
    seconds: float,
) -> tuple[Tally, list[dict[str, str]]]:
    """Imports, prints what is to be said of single documents, and gives the numbers and, for JSON, a row for each document."""
    from corpus.audit import AuditLog
    from corpus.importing.batch import Tally, import_files, recorded
    from corpus.importing.limits import Limits
    from corpus.importing.types import Options
    from corpus.importing.writing import Shelf

    log = AuditLog(settings.audit)
    locked = nullcontext if dry_run else log.locked
    shelf = Shelf(folder, replace=replace, dry_run=dry_run, file_names=form.file_names, locked=locked)
    options = Options(source.strip(), licence.strip(), specialty.strip())
    outcomes = import_files(paths, form, options, shelf, today=today(), limits=Limits(seconds=seconds))
    if not dry_run:
        outcomes = recorded(outcomes, log, by=by, form=form, paths=paths, shelf=shelf)
    tally, rows = Tally(), []
    with closing(outcomes):
        for one in outcomes:
            tally.add(one)
            if as_json:
                rows.append(_row(one, dry_run))
                continue
            for line in _lines(one, dry_run):
                click.echo(line)
    return tally, rows


def _lines(one: Outcome | Refused, dry_run: bool) -> Iterator[str]:
    """What is said of one document in the terminal: a refusal, what was kept, and in a dry run each change."""
    from corpus.importing.types import Refused
    from corpus.importing.writing import Kind

    if isinstance(one, Refused):
        yield f"refused {one.path}: {one.reason}"
        return
    if one.kind is Kind.KEPT:
        yield f"kept {one.article_id}: {one.reason}"
    if dry_run and (diff := one.diff()):
        yield diff.rstrip("\n")


def _row(one: Outcome | Refused, dry_run: bool) -> dict[str, str]:
    """One document for JSON. In a dry run a change carries its diff."""
    from corpus.importing.types import Refused

    if isinstance(one, Refused):
        return {"outcome": "refused", "path": one.path, "reason": one.reason}
    row = {"outcome": one.kind.value, "article_id": one.article_id, "source": one.source, "source_id": one.source_id}
    row |= {"reason": one.reason} if one.reason else {}
    return row | ({"diff": diff} if dry_run and (diff := one.diff()) else {})
