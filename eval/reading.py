"""Reads the product through its HTTP interface: the JSON and the stream of the API, and the pages. Measures nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.answering import Assistant
from assistant.store import ConversationStore
from assistant.web import create_app
from eval.datasets import DatasetError

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.search import Index

#: A problem must not repeat what was typed; shorter texts may stand in it by chance.
_ECHO = 20


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that was not taken. `leaks`: the problem repeats what was typed."""

    leaks: bool


class Reader:
    """A reader's program and browser in front of the whole web application, without a network."""

    def __init__(self, assistant: Assistant, settings: Settings) -> None:
        self._http = create_app(settings, assistant).test_client()

    def chat(self, question: str, article_id: str | None = None, conversation_id: str | None = None) -> dict[str, Any] | Refused:
        """The answer as JSON."""
        response = self._http.post("/api/v1/chat", json=_body(question, article_id, conversation_id))
        return response.get_json() if response.status_code == 200 else _refused(response, question)

    def stream(self, question: str, article_id: str | None = None) -> dict[str, Any] | Refused:
        """The answer at the end of the stream. Raises `ValueError` when the stream is not framed as it must be."""
        accept = {"Accept": "text/event-stream"}
        response = self._http.post("/api/v1/chat", json=_body(question, article_id, None), headers=accept)
        if response.status_code != 200:
            return _refused(response, question)
        events = [_event(block) for block in response.text.removesuffix("\n\n").split("\n\n")]
        names = [name for name, _ in events]
        if names != ["meta", *["sentence"] * (len(names) - 2), "answer"]:
            raise ValueError(f"the stream's events are {names}")
        whole: dict[str, Any] = events[-1][1]
        if [data["text"] for _, data in events[1:-1]] != [sentence["text"] for sentence in whole["sentences"]]:
            raise ValueError("the stream's sentences are not the answer's")
        return whole

    def page(self, reply: Mapping[str, Any], article_id: str | None = None) -> str:
        """The page that shows the conversation of a reply."""
        address = f"/articles/{article_id}" if article_id else "/ask"
        html: str = self._http.get(address, query_string={"conversation": reply["conversation_id"]}).text
        return html

    def article(self, article_id: str) -> str:
        """The page of an article."""
        html: str = self._http.get(f"/articles/{article_id}").text
        return html


@contextmanager
def opened_reader(index: Index, settings: Settings) -> Iterator[Reader]:
    """A reader over a store that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as folder:
        store = ConversationStore(f"sqlite:///{folder}/answers.sqlite")
        try:
            yield Reader(Assistant(index, store, settings), settings)
        finally:
            store.close()


def passages(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """The passages that a reply cites, in order."""
    return tuple(citation["passage_id"] for citation in reply["citations"])


def _body(question: str, article_id: str | None, conversation_id: str | None) -> dict[str, str]:
    body = {"question": question, "article_id": article_id, "conversation_id": conversation_id}
    return {name: value for name, value in body.items() if value is not None}


def _refused(response: Any, question: str) -> Refused:
    """A problem of the contract. Raises `DatasetError` for any other reply."""
    if response.status_code not in (413, 422):
        raise DatasetError(f"an attack was answered with status {response.status_code}")
    return Refused(len(question) > _ECHO and question in response.text)


def _event(block: str) -> tuple[str, dict[str, Any]]:
    """Two lines, whatever stands in the data."""
    name, data = block.split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
