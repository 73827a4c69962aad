"""A member of staff for the tests: signs in as the pages are used, and knows what every form must bring."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.staff.credentials import new_password, new_token
from assistant.staff.records import Job, JobState
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with
from tests.pages import BROWSER, Page, check_page

TODAY = dt.datetime.now(dt.UTC).date()
PASSWORD = "correct horse battery"  # noqa: S105  # of nobody
TOKEN, _ENTRY = new_token("nightly", TODAY + dt.timedelta(days=1))
OLD_TOKEN, _OLD_ENTRY = new_token("last year", TODAY - dt.timedelta(days=1))
#: Ann signs in with a password, a script with a token; an old one has expired.
STAFF: dict[str, Any] = {"staff_tokens": f"{_ENTRY},{_OLD_ENTRY}", "staff_passwords": new_password("Dr Ann Lee", PASSWORD)}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Office:
    """An application over the small corpus with staff pages."""

    settings: Settings
    app: Flask

    def visitor(self) -> FlaskClient:
        """A browser that nobody has signed in with."""
        return self.app.test_client()

    def ann(self) -> Member:
        """A browser in which Ann has signed in."""
        return Member(sign_in(self.visitor()))


@dataclass
class Member:
    """Somebody of the staff at a browser."""

    client: FlaskClient

    def read(self, address: str, status: int = 200) -> Page:
        response = self.client.get(address, headers=BROWSER)
        assert (response.status_code, response.mimetype) == (status, "text/html"), response.text
        assert response.headers["Cache-Control"] == "no-store"
        page = Page(response.text)
        check_page(page)
        return page

    def post(self, address: str, **fields: str) -> TestResponse:
        """Sends a form as a page has it."""
        csrf = csrf_of(self.client.get("/staff", headers=BROWSER))
        return self.client.post(address, data={"csrf": csrf, **fields}, headers=BROWSER)


def with_staff(settings: Settings, **given: Any) -> Settings:
    """The settings with staff who may sign in, and an audit log beside the index."""
    values = {**settings.model_dump(), "database": settings.database, "audit": settings.index.parent / "audit.jsonl"}
    return Settings(**{**values, **STAFF, **given}, _env_file=None)


def csrf_of(response: TestResponse) -> str:
    """The token against forgery of a page's forms."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', response.text)
    assert found, response.text
    return found[1]


def sign_in(client: FlaskClient, name: str = "Dr Ann Lee", password: str = PASSWORD) -> FlaskClient:
    """Signs in by the form."""
    csrf = csrf_of(client.get("/staff/sign-in"))
    response = client.post("/staff/sign-in", data={"csrf": csrf, "name": name, "password": password})
    assert response.status_code == 303, response.text
    return client


@pytest.fixture
def opened(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[Callable[..., Office]]:
    """Opens an application over the small corpus, with settings given by keyword."""
    build_index(small, embedder=embedder)
    stores = []

    def make(**given: Any) -> Office:
        settings = with_staff(small, **given)
        stores.append(ConversationStore(settings.database))
        return Office(settings, create_app(settings, Assistant(open_with(settings, embedder), stores[-1], settings)))

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def office(opened: Callable[..., Office]) -> Office:
    return opened()


def ended(office: Office, job_id: str, within: float = 60.0) -> Job:
    """A reindexing when it has ended, in whatever way."""
    deadline = time.monotonic() + within
    while (job := office.app.extensions["staff"].jobs.get(job_id)).state is JobState.RUNNING:
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return job


def read_article(office: Office, article_id: str) -> str:
    """The article's file as it is now."""
    return Path(office.settings.articles / f"{article_id}.md").read_text("utf-8")
