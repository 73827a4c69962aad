"""Servers that a browser visits: `followup serve` over the shipped articles or reviewed ones, and one without an index."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import SecretStr

from assistant.staff.credentials import new_token
from eval.processes import environment_of, served
from index.build import build_index

if TYPE_CHECKING:
    from assistant.settings import Settings

#: Articles that get another standing, with the front matter that gives it. No shipped article has one of these.
STANDINGS: dict[str, dict[str, Any]] = {
    "lung-cancer-screening": {"status": "under_review"},
    "cervical-screening-hpv-vaccination": {"status": "approved", "reviewed_by": "A reviewer, for this measurement only"},
    "prostate-cancer-psa-screening": {
        "withdrawn": {"since": "2026-11-01", "reason": "For this measurement only: the guideline was replaced."}
    },
}
#: Signs in to the staff pages of a site that `restood` made. Made anew each time.
TOKEN, _ENTRY = new_token("Dr A. Example", dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Sites:
    """Addresses: of a server whose articles have every standing, and of one that has no index."""

    address: str
    unready: str


@contextmanager
def shipped_site(settings: Settings) -> Iterator[str]:
    """The address of a server over the articles as they are."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        environment = environment_of(settings, database=_database(Path(name)))
        with served(environment, Path(name) / "stderr") as (_, client, _):
            yield str(client.base_url).rstrip("/")


@contextmanager
def sites(settings: Settings) -> Iterator[Sites]:
    """Both servers, each over what may be thrown away."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="followup-eval-")))
        changed = restood(settings, folder)
        _, client, _ = stack.enter_context(served(environment_of(changed, database=changed.database), folder / "stderr"))
        yield Sites(str(client.base_url).rstrip("/"), stack.enter_context(unready_site(settings, folder)))


@contextmanager
def unready_site(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of a server that lost its index. In this process: `followup serve` refuses to start without one."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    from assistant.web import create_app

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            """Nothing: the browser says what went wrong."""

    logging.getLogger("assistant").addHandler(logging.NullHandler())  # it would say every 10 s that there is no index
    app = create_app(settings.model_copy(update={"index": folder / "none", "database": _database(folder / "unready")}))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # of ThreadingMixIn, which its type does not tell
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def restood(settings: Settings, folder: Path) -> Settings:
    """The same settings over a copy of articles and index in `folder`, where `STANDINGS` hold and `TOKEN` signs in.

    The index is copied before it is built again, so that what did not change is not embedded again.
    """
    articles, index = folder / "articles", folder / "index"
    shutil.copytree(settings.articles, articles)
    shutil.copytree(settings.index, index)
    for article_id, keys in STANDINGS.items():
        [path] = (path for path in articles.glob("*.md") if path.stem == article_id)
        _, front, body = path.read_text("utf-8").split("---\n", 2)
        path.write_text(f"---\n{yaml.safe_dump(yaml.safe_load(front) | keys, sort_keys=False)}---\n{body}", "utf-8")
    own = {"articles": articles, "index": index, "database": _database(folder), "audit": folder / "audit.jsonl"}
    changed = settings.model_copy(update={**own, "staff_tokens": SecretStr(_ENTRY)})
    build_index(changed)
    return changed


def _database(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{folder / 'assistant.sqlite'}"
