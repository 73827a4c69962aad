"""The staff's door: every route of the staff is walked with every kind of visitor who must not come in."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from assistant.web.staff import staff_routes
from assistant.web.staff.throttling import TRIES, TRIES_BY_NAME, SignIns, TooManySignIns
from tests.pages import BROWSER, Page, check_page
from tests.staff import BEARER, OLD_TOKEN, PASSWORD, TOKEN, Office, csrf_of, office, opened, read_article, sign_in

__all__ = ["office", "opened"]

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
EXPIRED = {"Authorization": f"Bearer {OLD_TOKEN}"}
WRONG = [
    {"Authorization": f"Bearer {TOKEN[:-1]}x"},
    {"Authorization": "Bearer "},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"X-Api-Key": TOKEN},
]
SIGN_IN = "/staff/sign-in"


def address(rule: str) -> str:
    return re.sub(r"<[^>]+>", "gout-basics", rule)


def test_the_walk_knows_every_route_and_each_is_a_page_or_of_the_api(office: Office) -> None:
    """A new route is walked by itself; that there is one more is to be said here."""
    routes = staff_routes(office.app)
    assert len(routes) == 35, sorted(routes)
    assert sum(route.changing for route in routes) == 17
    assert {route.rule for route in routes if route.rule.startswith("/api/v1/staff")} == {
        f"/api/v1/staff/{path}"
        for path in (
            "articles",
            "articles/<string:article_id>/passages",
            "articles/<string:article_id>/status",
            "reindex",
            "jobs",
            "jobs/<string:job_id>",
            "generations",
            "rollback",
            "feedback",
            "feedback/<string:opinion_id>",
            "comparison",
            "questions",
            "questions/<string:question_id>",
            "audit",
            "benchmark",
        )
    }


def test_nobody_comes_in_without_having_signed_in(office: Office) -> None:
    """Without, with a wrong and with an expired credential, by each method: 401, of a page with the form to sign in."""
    walked = 0
    for route in staff_routes(office.app):
        for method in route.methods - {"OPTIONS"}:
            for headers in ({}, *WRONG, EXPIRED):
                visitor = office.visitor()
                visitor.set_cookie("staff", "A" * 43, path="/staff")
                response = visitor.open(address(route.rule), method=method, json={}, headers=headers)
                walked += 1
                if route.rule == SIGN_IN:
                    assert response.status_code == (403 if method == "POST" else 200)
                else:
                    assert response.status_code == 401, (route, method, headers)
                    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="staff"')
                    form = f'action="{SIGN_IN}"' in response.text
                    assert form == (not route.rule.startswith("/api/") and method != "HEAD"), (route, method)
                assert response.headers["Cache-Control"] == "no-store"
    assert walked > 200
    assert office.app.extensions["staff"].audit.entries() == []


@pytest.mark.parametrize(
    "asked",
    [
        "/staff",
        "/staff/articles?text=gout+%26+urate&page=2",
        "/staff/articles/caf%C3%A9",
        "/staff/audit?back=/staff/questions&done=deleted",
    ],
)
def test_a_page_is_answered_in_place_with_the_form_that_leads_to_it(office: Office, asked: str) -> None:
    client = office.visitor()
    shown = client.get(asked, headers=BROWSER)
    page = Page(shown.text)
    check_page(page)
    assert (shown.status_code, page.one("title").text) == (401, "Please sign in · Staff sign-in · Follow-up Assistant")
    assert "is shown after you have signed in" in shown.text
    assert [each["value"] for each in page.all("input", name="back")] == [asked] * 3  # and the reading preferences
    fields = {"csrf": csrf_of(shown), "name": "Dr Ann Lee", "password": PASSWORD, "back": asked}
    entered = client.post(SIGN_IN, data=fields, headers=BROWSER)
    assert (entered.status_code, entered.location) == (303, asked)


@pytest.mark.parametrize("act", ["/staff/index/reindex", "/staff/articles/gout-basics/step", "/staff/sign-out"])
def test_a_form_sent_after_the_session_ended_does_nothing_and_says_so(office: Office, act: str) -> None:
    ann = office.ann()
    csrf = csrf_of(ann.client.get("/staff"))
    before = office.app.extensions["staff"].audit.entries(), read_article(office, "gout-basics")
    age(office.app, "seen_at", 31)
    fields = {"csrf": csrf, "action": "review", "back": "/staff/audit"}
    shown = ann.client.post(act, data=fields, headers=BROWSER)
    page = Page(shown.text)
    check_page(page)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (401, "no-store")
    assert page.one("p", role="alert").text == "You are signed out, so nothing was done. To do it, sign in first."
    forms = [each["value"] for each in page.all("input", name="back") if "main" in each.inside]
    assert forms == ["/staff"] * 2
    assert (office.app.extensions["staff"].audit.entries(), read_article(office, "gout-basics")) == before
    assert office.app.extensions["staff"].jobs.recent() == []


def test_a_changing_route_is_not_reached_by_get(office: Office) -> None:
    ann = office.ann().client
    changing = [route for route in staff_routes(office.app) if route.changing and "GET" not in route.methods]
    assert len(changing) > 10
    reading = {route.rule for route in staff_routes(office.app) if "GET" in route.methods}
    for route in changing:
        if route.rule in reading:
            continue
        for headers in ({}, BEARER):
            for method in ("GET", "HEAD"):
                response = ann.open(address(route.rule), method=method, headers=headers)
                assert response.status_code == 405, (route, response.status_code)


@pytest.mark.parametrize("headers", [CROSS_SITE, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_sites_page_changes_nothing_though_ann_has_signed_in(office: Office, headers: dict[str, str]) -> None:
    ann = office.ann().client
    csrf = csrf_of(ann.get("/staff"))
    before = office.app.extensions["staff"].audit.entries()
    for route in staff_routes(office.app):
        for method in route.methods & {"POST", "DELETE"}:
            response = ann.open(address(route.rule), method=method, data={"csrf": csrf}, headers={**BEARER, **headers})
            assert response.status_code == 403, route
    assert office.app.extensions["staff"].audit.entries() == before


def test_a_form_without_its_token_changes_nothing_though_ann_has_signed_in(office: Office) -> None:
    ann, other = office.ann().client, office.ann().client
    before = office.app.extensions["staff"].audit.entries()
    for route in staff_routes(office.app):
        if "POST" not in route.methods or route.rule.startswith("/api/"):
            continue
        for csrf in (None, "", "0" * 64, "é", csrf_of(other.get("/staff"))):
            response = ann.post(address(route.rule), data={} if csrf is None else {"csrf": csrf})
            assert response.status_code == 403, route
    assert office.app.extensions["staff"].audit.entries() == before


def test_a_session_is_no_key_to_the_api_and_a_token_none_to_the_pages(office: Office) -> None:
    assert office.ann().client.get("/api/v1/staff/jobs").status_code == 401
    assert office.visitor().get("/api/v1/staff/jobs", headers=BEARER).status_code == 200
    assert office.visitor().get("/staff", headers=BEARER).status_code == 401


def test_the_cookie_is_hardened_and_another_one_after_each_sign_in(office: Office) -> None:
    for base, secure in (("http://staff.example", False), ("https://staff.example", True)):
        client = office.visitor()
        form = client.get(SIGN_IN, base_url=base)
        seen = []
        for _ in range(2):
            response = client.post(
                SIGN_IN,
                data={"csrf": csrf_of(form), "name": "Dr Ann Lee", "password": PASSWORD},
                base_url=base,
            )
            assert response.status_code == 303
            cookie = next(each for each in response.headers.getlist("Set-Cookie") if each.startswith("staff="))
            assert {"HttpOnly", "Path=/staff", "SameSite=Strict"} <= set(cookie.split("; "))
            assert ("Secure" in cookie.split("; ")) == secure
            assert "Max-Age" not in cookie  # gone with the browser
            seen.append(cookie.split(";")[0])
            client.post("/staff/sign-out", data={"csrf": csrf_of(client.get("/staff", base_url=base))}, base_url=base)
            form = client.get(SIGN_IN, base_url=base)
        assert len(set(seen)) == 2


def test_a_second_sign_in_ends_the_session_before_it(office: Office) -> None:
    client = office.visitor()
    form = csrf_of(client.get(SIGN_IN))
    client.post(SIGN_IN, data={"csrf": form, "name": "Dr Ann Lee", "password": PASSWORD})
    first = client.get_cookie("staff", path="/staff")
    assert first is not None
    stale, visitor = office.visitor(), office.visitor()
    stale.set_cookie("staff", first.value, path="/staff")
    token = csrf_of(visitor.get(SIGN_IN))
    visitor.set_cookie("staff", first.value, path="/staff")
    assert stale.get("/staff").status_code == 200
    assert visitor.post(SIGN_IN, data={"csrf": token, "token": TOKEN}).status_code == 303
    assert stale.get("/staff").status_code == 401
    assert visitor.get("/staff").status_code == 200


def test_signing_out_ends_the_session_in_the_database_not_only_in_the_browser(office: Office) -> None:
    ann = office.ann()
    cookie = ann.client.get_cookie("staff", path="/staff")
    assert cookie is not None
    with ann.client.application.extensions["assistant"].store.database.reading() as connection:
        kept = connection.execute(text("SELECT * FROM staff_session")).mappings().one()
    assert cookie.value not in str(dict(kept))
    assert ann.post("/staff/sign-out").status_code == 303
    thief = office.visitor()
    thief.set_cookie("staff", cookie.value, path="/staff")
    assert thief.get("/staff").status_code == 401


@pytest.mark.parametrize(("column", "minutes"), [("seen_at", 31), ("began_at", 8 * 60 + 1)])
def test_a_session_ends_by_itself(office: Office, column: str, minutes: int) -> None:
    ann = office.ann()
    age(office.app, column, minutes - 2)
    assert ann.client.get("/staff").status_code == 200
    age(office.app, column, minutes)
    assert ann.client.get("/staff").status_code == 401


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(office: Office) -> None:
    ann = office.ann()
    age(office.app, "seen_at", 29)
    assert ann.client.get("/staff/index", headers={"X-Part": "index"}).status_code == 200
    age(office.app, "seen_at", 31)
    refused = ann.client.get("/staff/index", headers={"X-Part": "index"})
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="staff"'


def test_a_session_ends_with_the_password_it_was_begun_with(opened: Callable[..., Office]) -> None:
    first = opened()
    cookie = first.ann().client.get_cookie("staff", path="/staff")
    assert cookie is not None
    for given, status in (({}, 200), ({"staff_passwords": ""}, 401)):
        client = opened(**given).visitor()
        client.set_cookie("staff", cookie.value, path="/staff")
        assert client.get("/staff").status_code == status


def test_tries_are_limited_by_address_and_by_name_and_readers_go_on(office: Office) -> None:
    client = office.visitor()
    csrf = csrf_of(client.get(SIGN_IN))
    tried = [client.post(SIGN_IN, data={"csrf": csrf, "token": "fua_wrong"}) for _ in range(TRIES + 1)]
    assert [each.status_code for each in tried] == [403] * TRIES + [429]
    assert 1 <= int(tried[-1].headers["Retry-After"]) <= 300
    assert "Try again in" in tried[-1].text
    assert client.get("/policy").status_code == 200
    assert client.get("/api/v1/staff/jobs", headers=BEARER).status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    other = office.visitor()
    form = csrf_of(other.get(SIGN_IN, environ_overrides=elsewhere))
    right = other.post(SIGN_IN, data={"csrf": form, "token": TOKEN}, environ_overrides=elsewhere)
    assert right.status_code == 303


def test_one_name_is_not_tried_from_everywhere() -> None:
    counting = SignIns(tries=3, tries_by_name=7)
    for number in range(7):
        counting.count(f"192.0.2.{number}", "Ann")
    with pytest.raises(TooManySignIns, match="by this name") as raised:
        counting.count("192.0.2.8", " ann ")
    assert raised.value.retry_after > 200
    counting.count("192.0.2.9", "Bob")
    assert TRIES < TRIES_BY_NAME  # no single address keeps an owner out


def test_nothing_secret_is_logged_told_or_put_into_the_audit_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = office.visitor()
    csrf = csrf_of(client.get(SIGN_IN))
    wrong = [
        client.post(SIGN_IN, data={"csrf": csrf, "name": "hunter2-as-name", "password": "hunter2-password"}),
        client.post(SIGN_IN, data={"csrf": csrf, "name": "dr ann lee", "password": "hunter2-password"}),
        client.post(SIGN_IN, data={"csrf": csrf, "token": "hunter2-token"}),
    ]
    assert [each.status_code for each in wrong] == [403] * 3
    sign_in(client)
    entries = office.app.extensions["staff"].audit.entries()
    assert [(each.actor, each.action) for each in entries] == [
        ("unknown", "sign-in-failed"),
        ("Dr Ann Lee", "sign-in-failed"),
        ("unknown", "sign-in-failed"),
        ("Dr Ann Lee", "sign-in"),
    ]
    client.get("/api/v1/staff/jobs", headers=BEARER)
    cookie = client.get_cookie("staff", path="/staff")
    assert cookie is not None
    everything = caplog.text + office.settings.audit.read_text("utf-8") + "".join(each.text for each in wrong)
    for secret in ("hunter2", PASSWORD, TOKEN, cookie.value, office.settings.staff_tokens.get_secret_value()):
        assert secret not in everything


def test_what_the_audit_log_cannot_take_is_not_done(opened: Callable[..., Office], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = opened(audit=tmp_path / "file" / "audit.jsonl")
    client = broken.visitor()
    csrf = csrf_of(client.get(SIGN_IN))
    refused = client.post(SIGN_IN, data={"csrf": csrf, "token": TOKEN}, headers=BROWSER)
    assert refused.status_code == 503
    assert client.get_cookie("staff", path="/staff") is None
    started = client.post("/api/v1/staff/reindex", json={}, headers=BEARER)
    assert started.status_code == 503
    assert str(tmp_path) not in refused.text + started.text
    assert client.get("/api/v1/staff/jobs", headers=BEARER).json == {"jobs": []}


def test_without_staff_there_are_no_staff_pages(opened: Callable[..., Office]) -> None:
    for given in ({"staff": "off"}, {"staff_tokens": "", "staff_passwords": ""}):
        office = opened(**given)
        assert staff_routes(office.app) == []
        for where in ("/staff", SIGN_IN, "/api/v1/staff/jobs"):
            assert office.visitor().get(where, headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("given", "led"),
    [
        ("/staff/index", "/staff/index"),
        ("/staff/articles?text=gout&page=2", "/staff/articles?text=gout&page=2"),
        ("//evil.example", "/staff"),
        ("https://evil.example/staff", "/staff"),
        ("/staffing", "/staff"),
        ("/staff/\\evil", "/staff"),
        ("/staff/\r\nSet-Cookie: x=1", "/staff"),
        ("/", "/staff"),
    ],
)
def test_a_sign_in_leads_on_within_the_staff_pages_only(office: Office, given: str, led: str) -> None:
    client = office.visitor()
    csrf = csrf_of(client.get(SIGN_IN))
    response = client.post(SIGN_IN, data={"csrf": csrf, "token": TOKEN, "back": given})
    assert (response.status_code, response.location) == (303, led)


def age(app: Flask, column: str, minutes: int) -> None:
    """Sets a time of every session to so many minutes ago."""
    with app.extensions["assistant"].store.database.writing() as connection:
        shift = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '-{minutes} minutes')"
        connection.execute(text(f"UPDATE staff_session SET {column} = {shift}"))  # noqa: S608
