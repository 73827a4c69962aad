"""Flask's test client over the shipped articles and over the small corpus: fixtures of tests that read pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from index.search import Index
from tests.fakes import SMALL, BagOfWordsEmbedder, open_with, write_articles
from tests.pages import HOSTILE


@pytest.fixture(scope="module")
def client(settings: Settings, real_index: Index) -> Iterator[FlaskClient]:
    """Over the shipped articles."""
    store = ConversationStore(settings.database)
    yield create_app(settings, Assistant(real_index, store, settings)).test_client()
    store.close()


@pytest.fixture
def small_client(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[FlaskClient]:
    """Over the three small articles and the hostile one; every question is answered, every nearest meaning near enough."""
    write_articles(small.articles, SMALL | {"hostile": HOSTILE})
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    answering = small.model_copy(update={"abstain_below": 0.0})
    yield create_app(small, Assistant(open_with(small, embedder), store, answering)).test_client()
    store.close()
