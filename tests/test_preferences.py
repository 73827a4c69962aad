"""How a reader wants the pages: chosen by a form on every page, remembered without an account, leading nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with
from tests.pages import BROWSER, Page, check_page, read

GOUT = "/articles/gout-basics"


@pytest.fixture
def client(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[FlaskClient]:
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    yield create_app(small, Assistant(open_with(small, embedder), store, small)).test_client()
    store.close()


def back(page: Page) -> str:
    """Where the page's own form of preferences leads back to."""
    return next(each["value"] for each in page.all("input", name="back") if "details" in each.inside)


def test_without_a_choice_the_page_follows_the_device(client: FlaskClient) -> None:
    page = read(client, "/")
    assert (page.one("html")["data-size"], page.one("html")["data-theme"]) == ("", "")
    assert page.one("meta", name="color-scheme")["content"] == "light dark"
    pressed = [button.text for button in page.all("button", aria_pressed="true")]
    assert pressed == ["Normal", "System"]


@pytest.mark.parametrize("address", ["/", "/ask", "/policy", "/conversations", GOUT, "/nowhere"])
def test_a_choice_holds_on_every_page(client: FlaskClient, address: str) -> None:
    for name, value in (("size", "larger"), ("theme", "dark"), ("audience", "patient")):
        response = client.post("/preferences", data={name: value, "back": address})
        assert (response.status_code, response.location) == (303, address)
    page = read(client, address, status=404 if address == "/nowhere" else 200)
    check_page(page)
    assert (page.one("html")["data-size"], page.one("html")["data-theme"]) == ("larger", "dark")
    assert page.one("meta", name="color-scheme")["content"] == "dark"
    assert {"Larger", "Dark"} <= {button.text for button in page.all("button", aria_pressed="true")}


def test_a_choice_is_kept_for_a_year_out_of_reach_of_scripts(client: FlaskClient) -> None:
    cookie = client.post("/preferences", data={"size": "large"}).headers["Set-Cookie"]
    assert cookie.startswith("size=large;")
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=31536000"} <= {part.strip() for part in cookie.split(";")}


def test_the_usual_can_be_chosen_again(client: FlaskClient) -> None:
    client.post("/preferences", data={"size": "larger"})
    client.post("/preferences", data={"size": "normal"})
    assert read(client, "/").one("html")["data-size"] == ""


def test_a_script_gets_no_page_to_read(client: FlaskClient) -> None:
    response = client.post("/preferences", data={"theme": "dark"}, headers={"X-Requested-With": "fetch"})
    assert (response.status_code, response.data) == (204, b"")
    assert read(client, "/").one("html")["data-theme"] == "dark"


def test_what_is_no_choice_is_not_kept(client: FlaskClient) -> None:
    response = client.post("/preferences", data={"size": "huge", "theme": "<script>", "reader": "x" * 32})
    assert response.status_code == 303
    assert "Set-Cookie" not in response.headers
    client.set_cookie("size", '"><script>alert(1)</script>')
    assert read(client, "/").one("html")["data-size"] == ""


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example", "evil"]
)
def test_the_form_leads_nowhere_else(client: FlaskClient, elsewhere: str) -> None:
    response = client.post("/preferences", data={"audience": "patient", "back": elsewhere})
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "address", ["/", f"{GOUT}?about=section-2", "/?question=h%C3%A4moglobin+%26+%22x%22%09", "/ab%09c%20%C3%A4"]
)
def test_the_form_goes_back_to_its_page_as_it_was_asked_for(client: FlaskClient, address: str) -> None:
    page = Page(client.get(address, headers=BROWSER).text)
    assert back(page) == address
    assert client.post("/preferences", data={"size": "large", "back": back(page)}).location == address


@pytest.mark.parametrize(
    ("came_from", "expected"),
    [
        (f"http://localhost{GOUT}?conversation=abc", f"{GOUT}?conversation=abc"),
        ("http://evil.example/ask", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
def test_on_the_page_that_answers_a_form_it_goes_back_to_where_the_form_stood(
    client: FlaskClient, came_from: str | None, expected: str
) -> None:
    headers = BROWSER | ({"Referer": came_from} if came_from else {})
    page = Page(client.post("/ask", data={"question": "", "article_id": "gout-basics"}, headers=headers).text)
    assert back(page) == expected
