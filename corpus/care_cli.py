"""`followup corpus check` and `import-retractions`: what staff type to keep the articles sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.clock import today
from corpus.user import user_name

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.types import Article

#: As corpus/linting/formats.py has them, which is imported only when needed.
_FORMATS = ("text", "json", "github", "sarif")


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, as --format json.")
@click.option("--fix", "mending", is_flag=True, help="Mend what is safe to mend (docs/linting.md), then check.")
@click.option("--dry-run", is_flag=True, help="With --fix: only say what would be mended.")
@click.option("--strict", is_flag=True, help="Exit 1 also on warnings.")
@click.pass_obj
def check(load_settings: Any, folder: Path | None, form: str, as_json: bool, mending: bool, dry_run: bool, strict: bool) -> None:
    """Every problem of every article as `path:line: message [rule]`; exit 1 when one is an error."""
    from corpus.audit import AuditLog
    from corpus.linting import lint
    from corpus.linting.fixing import fix
    from corpus.linting.formats import FORMATS
    from corpus.retractions import RetractionList

    if dry_run and not mending:
        raise click.UsageError("--dry-run goes with --fix")
    settings: CorpusSettings = load_settings()
    folder = folder or settings.articles
    retracted = RetractionList.load(settings.retractions)
    fixed = fix(folder, write=not dry_run, locked=AuditLog(settings.audit).locked) if mending else ()
    report = lint(folder, today=today(), retracted=retracted, max_words=settings.max_passage_words)
    if text := FORMATS["json" if as_json else form](report, fixed):
        click.echo(text)
    raise SystemExit(1 if report.errors or (strict and report.warnings) else 0)


@click.command("import-retractions")
@click.argument("csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", default=user_name, show_default="your login name", help="Whom the audit log names.")
@click.option("--allow-shrink", is_flag=True, help="Also when less than half of the list would be left.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def import_retractions(load_settings: Any, csv: Path, by: str, allow_shrink: bool, as_json: bool) -> None:
    """Replaces the offline list of retracted papers by a Retraction Watch CSV.

    Names the lines that cannot be taken on standard error, and says which references of the articles are on the list.
    """
    from corpus.audit import Action, AuditLog
    from corpus.loading import read_corpus
    from corpus.retraction_watch import import_retractions as replace_list
    from corpus.retractions import RetractionList

    settings: CorpusSettings = load_settings()
    log = AuditLog(settings.audit)
    done = replace_list(
        csv,
        settings.retractions,
        allow_shrink=allow_shrink,
        record=lambda made: log.append(
            by, Action.IMPORT_RETRACTIONS, csv.name, records=made.records, before=made.before, skipped=len(made.skipped)
        ),
    )
    articles, _ = read_corpus(settings.articles)
    listed = _listed(articles, RetractionList.load(settings.retractions))
    for line in done.skipped:
        click.echo(f"{csv}: {line}; skipped", err=True)
    if as_json:
        counts = {"corrections": done.corrections, "nameless": done.nameless, "skipped": len(done.skipped)}
        click.echo(json.dumps({"records": done.kept, "before": done.before, **counts, "listed": listed}, indent=1))
        return
    for one in listed:
        click.echo(f"{one['article']}: reference {one['reference']} was retracted on {one['date']}")
    kept = ", ".join(f"{count} {nature.lower()}" for nature, count in sorted(done.kept.items()))
    left_out = f"{done.corrections} corrections, {done.nameless} without DOI and PubMed number, {len(done.skipped)} unreadable"
    click.echo(f"{done.records} records ({kept}; {done.before} before); left out: {left_out}")
    if listed:
        click.echo("`followup index build` takes them out of the answers")


def _listed(articles: tuple[Article, ...], retractions: Any) -> list[dict[str, Any]]:
    """The references of the articles that are on the list."""
    return [
        {"article": article.id, "reference": reference.id, "date": found.date.isoformat()}
        for article in articles
        for reference in article.references
        if (found := retractions.find(reference.doi, reference.pmid))
    ]
