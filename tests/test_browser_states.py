"""Every state of every page without a violation of WCAG 2.2 A or AA, as axe-core sees it: `make sweep` in all schemes and widths.

`make test` looks at the states that differ most, each once, for reaching a state and a look of axe-core take a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from eval.browser.accessibility import look
from eval.browser.chromium import DESK, PHONE, SCHEMES, SCREENS, Scheme, Screen
from eval.browser.sites import Sites, restood, unready_site
from eval.browser.states import STATES
from index.search import Index
from tests.browsing import Browser, browser, serving

__all__ = ["browser"]


#: What `make test` looks at: every page, and the states in which most of a page is different.
LIGHT_ON_A_DESK = (
    "home: nothing found", "article: clinician", "article: withdrawn", "answer: conversation", "answer: clarification",
    "answer: emergency", "answer: feedback form", "answer: query being edited", "evidence: other article",
    "evidence: page without JavaScript", "chat: answer broken off", "conversations: being renamed and deleted", "problem: 404",
)  # fmt: skip
DARK_ON_A_PHONE = (
    "home: found", "home: emergency", "article: patient", "answer: from another article", "answer: crisis", "answer: abstention",
    "answer: export menu", "answer: cited passages", "chat: menu", "evidence: same article", "chat: personal details",
    "chat: server gone", "policy", "problem: 503 with a question",
)  # fmt: skip


def found(browser: Browser, sites: Sites, state: str, screens: Sequence[Screen], schemes: Sequence[Scheme]) -> list[str]:
    """What is wrong in a state, in words."""
    looked = look(browser, sites, [state], screens, schemes)
    return [str(one) for one in looked if one.violations or one.not_shown]


@pytest.fixture(scope="module")
def sites(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("states")
    changed = restood(settings, folder)
    index = Index.open(changed)
    index.warm()
    assistant = Assistant(index, ConversationStore(changed.database), changed)
    with serving(changed, assistant) as (address, _), unready_site(settings, folder) as unready:
        yield Sites(address, unready)


@pytest.mark.parametrize("state", LIGHT_ON_A_DESK)
def test_a_state_has_no_violation_in_light_on_a_desk(browser: Browser, sites: Sites, state: str) -> None:
    assert found(browser, sites, state, [DESK], ["light"]) == []


@pytest.mark.parametrize("state", DARK_ON_A_PHONE)
def test_a_state_has_no_violation_in_dark_on_a_phone(browser: Browser, sites: Sites, state: str) -> None:
    assert found(browser, sites, state, [PHONE], ["dark"]) == []


@pytest.mark.sweep
@pytest.mark.parametrize("state", STATES)
def test_a_state_has_no_violation_in_any_scheme_and_width(browser: Browser, sites: Sites, state: str) -> None:
    assert found(browser, sites, state, SCREENS, SCHEMES) == []
