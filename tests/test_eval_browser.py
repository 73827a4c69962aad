"""The measuring in a browser: that it sees what is wrong, counts it right, and says what is missing."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Audience
from corpus.loading import load_corpus
from eval.browser import chromium as driver
from eval.browser import figures, rendering
from eval.browser.accessibility import Looked, Violation, cut_off, look, violations
from eval.browser.chromium import BrowserMissing, chromium, tab
from eval.browser.payloads import Tried, hostile_article, load_payloads
from eval.browser.rendering import Rendered, rendered
from eval.browser.sites import Sites, restood
from eval.browser.speed import WATCH, Painted, Waited, answers, paint
from eval.browser.states import COLCHICINE, OFF_TOPIC, STATES, NotShown, show
from eval.browser.weight import compressed, shipped
from eval.datasets import FollowUp
from eval.reach import SPEED
from index.search import Index
from tests.browsing import Browser, browser, serving

__all__ = ["browser"]

LAME = """<!doctype html><html><head><title></title></head><body><main><p style="color:#aaa;background:#fff">faint</p>
  <img src="data:,"><button></button><button style="width:9px;height:9px;padding:0">a</button>
  <button style="width:9px;height:9px;padding:0">b</button>
  </main></body></html>"""


@pytest.fixture(scope="module")
def address(settings: Settings, real_index: Index, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = ConversationStore(f"sqlite:///{tmp_path_factory.mktemp('eval-browser') / 'a.sqlite'}")
    with serving(settings, Assistant(real_index, store, settings)) as (where, _):
        yield where


def test_axe_sees_contrast_names_languages_and_small_targets(browser: Browser) -> None:
    with tab(browser) as page:
        page.set_content(LAME)
        found = {each.rule: each.places for each in violations(page)}
    assert {"color-contrast", "image-alt", "button-name", "html-has-lang", "document-title", "target-size"} <= found.keys()
    assert found["image-alt"] == ("img",)


def test_text_beside_the_window_is_seen_and_a_wide_table_may_be_scrolled(browser: Browser) -> None:
    wide = "<p>in</p><table><tr><td style='min-width:900px'>wide</td></tr></table>"
    menu = "<ul style='position:absolute;left:300px'><li class=item style='width:200px'>menu</li></ul>"
    with tab(browser, driver.PHONE) as page:
        page.set_content(f"<meta name=viewport content='width=device-width'>{wide}")
        assert cut_off(page, 320) == ()
        page.set_content(f"<meta name=viewport content='width=device-width'>{wide}{menu}")
        [found] = cut_off(page, 390)
        assert found.places == ("li.item",)
        assert page.viewport_size == {"width": 390, "height": 844}


def test_a_state_that_is_not_reached_is_said_and_fails(browser: Browser, address: str) -> None:
    gone = Sites("http://127.0.0.1:9", "http://127.0.0.1:9")
    [light] = look(browser, gone, ["policy"], screens=[driver.PHONE], schemes=["light"])
    assert "ERR_UNSAFE_PORT" in light.not_shown or "ERR_CONNECTION_REFUSED" in light.not_shown
    with tab(browser) as page, pytest.raises(NotShown, match="answer: emergency"):
        page.set_default_timeout(300)
        page.route("**/ask", lambda route: route.abort())
        show("answer: emergency", page, Sites(address, address))


def test_places_are_counted_and_states_that_were_not_reached() -> None:
    broken = Violation("image-alt", "critical", "images need a text", ("img", "main > img"))
    looked = [
        Looked("home", "desk", "light"),
        Looked("home", "desk", "dark", (broken,)),
        Looked("ask", "phone", "light", (), "no"),
    ]
    measured, found = figures.axe_figures(looked)
    assert {each.name: each.value for each in measured} == {
        "axe_combinations": 3,
        "axe_violations": 2,
        "axe_states_not_shown": 1,
    }
    assert found["axe"] == [
        "home, desk, dark: image-alt (critical): images need a text: img, main > img",
        "ask, phone, light: no",
    ]


def test_weight_is_that_of_each_file_compressed_alone(tmp_path: Path) -> None:
    for name in ("a.js", "b.css", "c.svg", "d.css"):
        (tmp_path / name).write_text(name * 1000)
    alone = [len(gzip.compress((name * 1000).encode(), 9)) for name in ("a.js", "b.css", "d.css")]
    assert shipped(tmp_path) == sum(alone)
    assert compressed([b""]) == 20  # ten bytes of header, eight of trailer, an empty block


def test_what_moves_after_the_page_is_painted_is_measured(browser: Browser, address: str) -> None:
    [still] = paint(browser, address, ["gout-flares-urate-lowering"], 1)
    assert 0 < still.largest_s < 10
    push = "document.querySelector('main').prepend(...Array.from({length: 9}, () => document.createElement('h1')))"
    with tab(browser, script=WATCH) as page:
        page.goto(f"{address}/articles/gout-flares-urate-lowering")
        page.evaluate(f"() => {{ {push}; }}")
        driver.until(page, "__seen.moved > 0.02")


def test_an_answer_is_timed_from_the_click_to_its_first_sentence_and_its_end(browser: Browser, address: str) -> None:
    gout = "gout-flares-urate-lowering"
    answered, abstained = (FollowUp("", gout, question, None, (gout,)) for question in (COLCHICINE, OFF_TOPIC))
    waited, without = answers(browser, address, [answered, abstained])
    assert without.sentence_ms is None
    assert waited.sentence_ms is not None
    assert 0 < waited.sentence_ms <= waited.whole_ms < 30_000


def test_figures_of_waiting_leave_out_answers_without_a_sentence() -> None:
    measured, _ = figures.ask_figures([Waited(100.0, 200.0, 0.0), Waited(None, 50.0, 0.01), Waited(120.0, 900.0, 0.0)])
    values = {each.name: each.value for each in measured}
    assert values["questions_with_sentences"] == 2
    assert (values["first_sentence_p50_ms"], values["whole_answer_p50_ms"], values["whole_answer_p95_ms"]) == (100, 200, 900)
    assert values["shift_while_answering_worst"] == 0.01
    measured, _ = figures.paint_figures([Painted(0.1, 0.0), Painted(0.9, 0.03), Painted(0.2, 0.0)])
    assert [each.value for each in measured] == [0.2, 0.9, 0.03]
    assert [each.within for each in measured] == [True, None, False]


def test_an_article_without_a_mark_a_target_or_a_text_is_found_out(browser: Browser, address: str, real_index: Index) -> None:
    article = real_index.store.article("gout-flares-urate-lowering")
    whole = list(rendered(browser, address, [article]))
    assert [each for each in whole if not each.whole] == []
    assert [each.audience for each in whole] == ["clinician", "student", "patient"]
    with tab(browser) as page:
        page.goto(f"{address}/articles/{article.id}")
        page.evaluate(
            """() => { document.querySelector(".section .mark").remove(); document.querySelector("#references").remove();
              document.querySelector(".section ul").remove(); }"""
        )
        spoilt = rendering.read(page, article, Audience.CLINICIAN, {})
    assert any("statements for" in each for each in spoilt.missing_marks)
    assert "#references" in spoilt.dead_links
    assert len(spoilt.empty_sections) == 1


def test_articles_get_their_standing_and_nothing_else_is_embedded_again(settings: Settings, tmp_path: Path) -> None:
    changed = restood(settings, tmp_path)
    articles = {article.id: article for article in Index.open(changed).store.articles}
    assert len(articles) == 40
    assert articles["lung-cancer-screening"].status == "under_review"
    assert articles["cervical-screening-hpv-vaccination"].reviewed_by
    assert articles["prostate-cancer-psa-screening"].withdrawn
    for name in ("lung-cancer-screening", "gout-flares-urate-lowering"):
        before = Index.open(settings).store.article(name)
        assert [articles[name].quote(block) for block in articles[name].blocks] == [
            before.quote(block) for block in before.blocks
        ]


def test_payloads_are_many_kinds_and_an_article_holds_them_all(tmp_path: Path) -> None:
    payloads = [each.payload for each in load_payloads()]
    assert len(payloads) == len(set(payloads)) >= 200
    (tmp_path / "hostile.md").write_text(hostile_article("hostile", payloads[:9]), "utf-8")
    [article] = load_corpus(tmp_path)
    assert [payload for payload in payloads[:9] if payload not in article.text] == []
    assert [reference.title for reference in article.references] == payloads[:9]
    measured, _ = figures.payload_figures(9, Tried(pages=3, executed=0, foreign=1))
    assert [each.name for each in measured if each.within is False] == ["payloads_tried", "requests_to_other_hosts"]


def test_the_share_of_whole_pages_and_what_the_others_lack() -> None:
    measured, found = figures.article_figures([Rendered("gout", "clinician"), Rendered("gout", "patient", dead_links=("#F99",))])
    assert measured[1].value == 0.5
    assert found == {"articles": {"gout, patient": ["#F99"]}}


def test_without_a_browser_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "CHROMIUM", Path("/nowhere/chromium"))
    missing = r"^there is no /nowhere/chromium; `apt-get install [^`]*` does it$"
    with pytest.raises(BrowserMissing, match=missing), chromium():
        pass


def test_the_command_prints_figures_their_bounds_and_leaves_a_result(
    settings: Settings, followup: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = followup("eval", "browser", "--json", "--only", "weight", "--out", str(tmp_path / "out"), index=settings.index)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["reach"] == {"script_and_style_kb": str(SPEED["script_and_style_kb"])}
    assert 0 < document["figures"]["script_and_style_of_article_kb"] <= document["figures"]["script_and_style_kb"]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["command"] == "browser"


def test_every_state_has_a_name_of_its_own_and_says_what_is_seen() -> None:
    assert len(STATES) >= 50
    assert all(state.sees for state in STATES.values())
