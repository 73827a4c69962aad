"""Fixtures: one real index of the shipped articles for the whole session, and a small corpus with a fake embedder.

No test sees the FOLLOWUP_ variables of the shell that runs the suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from assistant.answering import Assistant

#: `make sweep` sets it: long tests run in full. Taken out of the environment, where the product would not know it.
SWEEP = os.environ.pop("FOLLOWUP_TEST_SWEEP", "") == "1"
#: FOLLOWUP_TEST_SNAPSHOTS=write replaces the reference images of tests/test_browser_snapshots.py instead of comparing with them.
WRITE_SNAPSHOTS = os.environ.pop("FOLLOWUP_TEST_SNAPSHOTS", "") == "write"
for name in [name for name in os.environ if name.upper().startswith("FOLLOWUP_")]:
    del os.environ[name]
os.environ["HF_HUB_OFFLINE"] = "1"

from assistant.settings import Settings, load_settings  # noqa: E402  # after the environment is clean
from assistant.store import ConversationStore  # noqa: E402
from index.build import build_index  # noqa: E402
from index.search import Index  # noqa: E402
from tests.beir import beir  # noqa: E402
from tests.fakes import BagOfWordsEmbedder, edit, write_articles  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `sweep` run only where FOLLOWUP_TEST_SWEEP=1."""
    if not SWEEP:
        for item in items:
            if item.get_closest_marker("sweep"):
                item.add_marker(pytest.mark.skip(reason="long: `make sweep` runs it"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The product's own settings over the shipped articles, with a built index in a temporary folder. Do not rebuild it."""
    folder = tmp_path_factory.mktemp("real")
    made = load_settings(env_file=None).model_copy(
        update={
            "index": folder / "index",
            "database": f"sqlite:///{folder / 'assistant.sqlite'}",
            "questions_per_minute": 0,  # the suite asks from one address
        }
    )
    build_index(made)
    return made


@pytest.fixture(scope="session")
def real_index(settings: Settings) -> Index:
    """The shipped articles, embedded by the bundled embedder: 15 s, once a session."""
    return Index.open(settings)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConversationStore]:
    """One database of conversations for the session."""
    opened = ConversationStore(f"sqlite:///{tmp_path_factory.mktemp('store') / 'a.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def assistant(real_index: Index, store: ConversationStore, settings: Settings) -> Assistant:
    """The product over the shipped articles."""
    from assistant.answering import Assistant

    return Assistant(real_index, store, settings)


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """Settings of a small corpus in `tmp_path/articles` that a test may change; its index is not built yet."""
    articles = write_articles(tmp_path / "articles")
    return Settings(
        articles=articles, index=tmp_path / "index", database=f"sqlite:///{tmp_path / 'assistant.sqlite'}", _env_file=None
    )


@pytest.fixture
def embedder() -> BagOfWordsEmbedder:
    """A fast, deterministic embedder that counts."""
    return BagOfWordsEmbedder()


@pytest.fixture
def followup(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `followup …` as a user does, in an empty folder, with FOLLOWUP_ variables given by keyword: `index=folder`."""

    def run(*arguments: str | bytes, **given: object) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "here"
        folder.mkdir(exist_ok=True)
        variables = {f"FOLLOWUP_{name.upper()}": str(value) for name, value in given.items()}
        command = Path(sys.executable).with_name("followup")
        return subprocess.run(
            [command, *arguments], cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A test collection of twelve documents in the BEIR layout."""
    return beir(tmp_path / "tiny")


@pytest.fixture
def three(small: Settings, embedder: BagOfWordsEmbedder) -> Settings:
    """Generations 1 to 3, all kept: prednisone, prednisolone, methylprednisolone."""
    keeping = small.model_copy(update={"keep_generations": 5})
    build_index(keeping, embedder=embedder)
    for old, new in (("prednisone", "prednisolone"), ("prednisolone", "methylprednisolone")):
        edit(small.articles / "gout-basics.md", lambda source, old=old, new=new: source.replace(old, new))
        build_index(keeping, embedder=embedder)
    return keeping
