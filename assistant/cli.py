"""The `followup` command. Each folder's group is imported only when it is used, so that help comes at once."""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import closing
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import CorpusError, FollowupError, SettingsError, StillServed

if TYPE_CHECKING:
    from datetime import datetime

    from assistant.settings import Settings

#: Group -> where it is, and its line in the help (so that help imports none of them).
_GROUPS = {
    "audit": ("corpus.audit_cli", "The audit log: list, verify."),
    "corpus": ("corpus.cli", "The articles: check, import, review, approve, withdraw, list, show."),
    "index": ("index.cli", "The index: build, verify, generations, rollback, info, search."),
    "staff": ("assistant.staff_cli", "For staff: token, password, unanswered, benchmark."),
    "eval": ("eval.cli", "Benchmarks (from a checkout)."),
}


class _Lazy(click.Group):
    """A group whose subgroups are imported when they are used, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_GROUPS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _GROUPS:
            return super().get_command(ctx, cmd_name)
        module = _GROUPS[cmd_name][0]
        # An editable install exposes only what the wheel holds; eval/ stands beside it in a checkout.
        if (checkout := str(Path(__file__).resolve().parents[1])) not in sys.path:
            sys.path.append(checkout)
        try:
            group: click.Command = getattr(importlib.import_module(module), cmd_name)
        except ModuleNotFoundError as error:
            if error.name != module.partition(".")[0]:
                raise
            raise click.ClickException(f"`followup {cmd_name}` works from a checkout of the repository only") from error
        return group

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = {name: summary for name, (_, summary) in _GROUPS.items()}
        rows |= {name: command.get_short_help_str(80) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@cache
def _settings() -> Settings:
    from assistant.settings import load_settings

    return load_settings()


@click.group(cls=_Lazy)
@click.version_option(package_name="followup-assistant")
@click.pass_context
def followup(ctx: click.Context) -> None:
    """Answers follow-up questions about guideline-backed medical articles, with exact cited passages.

    \b
    followup index build
    followup ask "What colchicine dose for a gout flare?"
    followup serve
    """  # noqa: D301  # click wants the backspace itself
    from corpus.review_cli import REINDEX

    ctx.obj = _settings
    ctx.meta[REINDEX] = _reindex


def _reindex(by: str) -> int | None:
    """Builds the index again for somebody, where there is one; which generation serves then. Raises `StillServed`."""
    from index.build import build_index
    from index.folders import numbers
    from index.recording import record_builds
    from index.servers import still_answering

    settings = _settings()
    if not numbers(settings.index):
        return None
    report = build_index(settings, by=by, record=record_builds(settings))
    if report.late_servers:
        raise StillServed(still_answering(report.late_servers))
    return report.number


@followup.command()
@click.argument("question")
@click.option("--article", "article_id", help="The article that is open.")
@click.option("--conversation", "conversation_id", help="Go on with this conversation.")
@click.option("--audience", default="clinician", show_default=True, type=click.Choice(["clinician", "student", "patient"]))
@click.option("--query", help="What to search instead of what the question becomes.")
@click.option("--safe", is_flag=True, help="Nobody is in danger: answer in spite of an emergency banner.")
@click.option("--json", "as_json", is_flag=True, help="The whole answer as one JSON document.")
@click.pass_obj
def ask(
    load_settings: Any,
    question: str,
    article_id: str | None,
    conversation_id: str | None,
    audience: str,
    query: str | None,
    safe: bool,
    as_json: bool,
) -> None:
    """Answers one question in the terminal."""
    from assistant.events import Ask
    from assistant.opening import open_assistant
    from assistant.terminal import as_text
    from assistant.types import Audience

    if conversation_id is not None:
        conversation_id = conversation_id.encode("utf-8", "replace").decode()  # bytes from the terminal that are not UTF-8
    assistant = open_assistant(load_settings())
    answer = assistant.answer(Ask(question, article_id, conversation_id, Audience(audience), query, safe))
    if degraded := assistant.health().degraded:
        click.echo(f"followup: {degraded}", err=True)
    click.echo(json.dumps(asdict(answer), indent=1, ensure_ascii=False) if as_json else as_text(answer))


@followup.command()
@click.argument("answer_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def verify(load_settings: Any, answer_id: str, as_json: bool) -> None:
    """Holds each quote of a stored answer against today's article files. Exit code 1 when one no longer holds."""
    from assistant.store import ConversationStore
    from assistant.terminal import verified_as_text
    from assistant.verification import verify as hold
    from corpus.loading import load_corpus

    settings = load_settings()
    stored = ConversationStore(settings.database).answer(answer_id)
    verified = hold(stored["citations"], load_corpus(settings.articles))
    as_document = {"answer_id": answer_id, "citations": [asdict(one) for one in verified]}
    click.echo(json.dumps(as_document, indent=1, ensure_ascii=False) if as_json else verified_as_text(verified))
    sys.exit(0 if all(one.holds for one in verified) else 1)


@followup.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was said on this day (UTC) or later.")
@click.option("--questions", is_flag=True, help="With the questions, which may tell something about readers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def feedback(load_settings: Any, since: datetime | None, questions: bool, as_json: bool) -> None:
    """What readers thought of answers, the latest first. `followup verify` holds the quotes of one against the articles."""
    from assistant.store import FeedbackStore
    from assistant.store.database import Database
    from assistant.terminal import feedback_as_text

    with closing(Database(load_settings().database)) as database:
        given = FeedbackStore(database).all(f"{since:%Y-%m-%d}" if since else "")
    shown = given if questions else [{key: value for key, value in one.items() if key != "question"} for one in given]
    click.echo(json.dumps({"feedback": shown}, indent=1, ensure_ascii=False) if as_json else feedback_as_text(shown, questions))


@followup.command()
@click.option("--host", help="Instead of FOLLOWUP_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of FOLLOWUP_PORT.")
@click.option("--debug", is_flag=True, help="The Flask development server: reloads, one process.")
@click.pass_obj
def serve(load_settings: Any, host: str | None, port: int | None, debug: bool) -> None:
    """Serves the articles and the chat until interrupted."""
    from assistant.serving import serve as run

    changed = {key: value for key, value in (("host", host), ("port", port)) if value not in (None, "")}
    run(load_settings().model_copy(update=changed), debug=debug)


@followup.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def settings(load_settings: Any, as_json: bool) -> None:
    """Prints the settings in force; secrets are masked."""
    in_force = json.loads(load_settings().model_dump_json())
    if as_json:
        click.echo(json.dumps(in_force, indent=1))
        return
    for name, value in in_force.items():
        click.echo(f"FOLLOWUP_{name.upper()}={'' if value is None else value}")


def main() -> None:
    """Entry point: a known error is one message on standard error and its exit code, never a traceback."""
    try:
        followup()
    except FollowupError as error:
        listed = isinstance(error, (CorpusError, SettingsError))  # a line for each problem: `path:line: message`
        click.echo(str(error) if listed else f"followup: {error}", err=True)
        sys.exit(error.exit_code)
