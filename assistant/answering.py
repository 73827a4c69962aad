"""question + history + open article -> cited answer. The one place where the stages meet.

`Assistant.stream` yields the answer as it becomes ready; `Assistant.answer` is its last event. Knows nothing of HTTP.

    safety table -> stand-alone query -> (which reading?) -> evidence -> (enough?) -> selection -> writer -> ledger -> Answer

The safety table comes before everything else, the store and the index included: it works with both down.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.abstention import abstention
from assistant.alarm import STATUS, danger_in, stops
from assistant.citations import Ledger
from assistant.clarifying import clarify
from assistant.disclaimer import DISCLAIMER, NOTICE, NOTICE_GENERATIVE, NOTICE_SIGNPOST, UNAPPROVED
from assistant.events import Ask, Event, Spoken, Started
from assistant.glossary import glosses
from assistant.offers import nearest, suggestions
from assistant.parts import asked_part, queries
from assistant.plain import plain_sentences
from assistant.questions import clean_question
from assistant.retrieval import find_evidence
from assistant.rewriting import QueryRewriter, RuleRewriter
from assistant.safety.cautions import caveats
from assistant.safety.dangers import Danger, banner_of
from assistant.selection import Selection, select
from assistant.speaking import Speech
from assistant.store.unanswered import keep_unanswered
from assistant.types import (
    STOPPED,
    Answer,
    AnswerStatus,
    AnswerWriter,
    Audience,
    Confidence,
    Mode,
    Query,
    Side,
    Turn,
    Variant,
)
from assistant.understanding import edited, of_section
from assistant.verification import verify
from assistant.writing import ExtractiveWriter
from corpus.errors import AnswerOutdated, ArticleNotFound, ConversationNotFound, QuestionRefused, StoreUnavailable
from corpus.types import Status
from index.live import Health, LiveIndex

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.store import ConversationStore
    from corpus.types import Article
    from index.search import Index

log = logging.getLogger(__name__)

#: What a shorter answer cites may be taken away in the middle of it: the command that does so waits for the answer to end
#: (index/servers.py). One that a language model writes may take longer than that waits.
_LONG_S = 1.0


class Assistant:
    """Answers questions over an index: the live one, which may be switched meanwhile, unless one is given.

    Each answer rests on one generation from its first word to its last. Safe to share between threads.
    """

    def __init__(
        self,
        index: Index | LiveIndex | None,
        store: ConversationStore,
        settings: Settings,
        writer: AnswerWriter | None = None,
        rewriter: QueryRewriter | None = None,
    ) -> None:
        self._index = index or LiveIndex(settings)
        self.store = store
        self._settings = settings
        self._quoting = ExtractiveWriter()
        self._writer = writer or self._quoting
        self._rewriter = rewriter or RuleRewriter()

    @property
    def index(self) -> Index:
        """What is answered from now: who looks into it more than once keeps it. Raises `IndexUnavailable`."""
        return self._index.current() if isinstance(self._index, LiveIndex) else self._index

    @property
    def settings(self) -> Settings:
        """What it answers by."""
        return self._settings

    @property
    def open_index(self) -> Index | None:
        """The index if it is open; never waits for it."""
        return self._index.opened if isinstance(self._index, LiveIndex) else self._index

    def health(self) -> Health:
        """Which generation serves, and whether it is the one that should."""
        return self._index.health() if isinstance(self._index, LiveIndex) else Health(self._index.manifest.number, None)

    def watch(self) -> None:
        """Switches to every later generation from now on."""
        if isinstance(self._index, LiveIndex):
            self._index.watch()

    def answer(self, ask: Ask) -> Answer:
        """The whole answer, stored.

        Raises `QuestionRefused`, `ArticleNotFound`, `ConversationNotFound`, `ModelUnavailable` or `StoreUnavailable`.
        """
        for event in self.stream(ask):
            if isinstance(event, Answer):
                return event
        raise RuntimeError("the stream ended without an answer")  # every stream ends with one

    def stream(self, ask: Ask) -> Iterator[Event]:
        """`Started`, a `Spoken` for each sentence, then the stored `Answer`.

        Raises like `answer`; what is wrong with the question, article or conversation before the first event.
        """
        started = time.perf_counter()
        question = clean_question(ask.question)
        ask = replace(ask, query=clean_question(ask.query) if ask.query and ask.query.strip() else None)
        asked = [question, ask.query] if ask.query else [question]
        danger = danger_in(asked)
        if danger and stops(danger, ask.safe):
            return self._signpost(ask, question, danger)
        earlier = ask.conversation_id or ask.after
        history = self.store.turns(earlier) if earlier else []
        danger = danger_in(asked, history)
        if danger and stops(danger, ask.safe):
            return self._signpost(ask, question, danger)
        history = [turn for turn in history if turn.status not in STOPPED]  # nothing was asked there
        index = self.index
        open_article = index.store.article(ask.article_id) if ask.article_id is not None else None
        if ask.section and not (open_article and any(ask.section in block.section for block in open_article.blocks)):
            raise QuestionRefused("the open article has no section of that name")
        return self._reply(index, ask, question, history, danger, open_article, started)

    def _signpost(self, ask: Ask, question: str, danger: Danger) -> Iterator[Event]:
        """Somebody is in danger: what to do now, and nothing that delays it. Needs neither store nor index."""
        query = Query(question, False, "not searched", (Variant(question, 1.0),))
        banner = banner_of(danger, self._settings.region)
        known = replace(ask, conversation_id=self._known(ask.conversation_id))
        blank = self._blank(known, question, query)
        answer = replace(blank, status=STATUS[danger.kind], banner=banner, notice=NOTICE_SIGNPOST)
        yield _started(answer)
        try:
            self.store.add(answer, self._known_article(ask.article_id), ask.reader)
        except StoreUnavailable as error:
            log.error("a signpost was given but not kept: %s", error)
        yield answer

    def _reply(
        self,
        index: Index,
        ask: Ask,
        question: str,
        history: Sequence[Turn],
        danger: Danger | None,
        open_article: Article | None,
        started: float,
    ) -> Iterator[Event]:
        heading = open_article.heading if open_article else None
        asked = asked_part(question, index)
        query = self._query(index, ask, question, asked, history, heading)
        chosen = ask.query or ask.section  # by the reader, whatever was asked before
        parts = queries(ask.query or asked, [] if chosen else history, index, heading)
        said_before = [turn.question for turn in history]
        blank = replace(
            self._blank(ask, question, query),
            banner=banner_of(danger, self._settings.region) if danger else None,
            caveats=caveats(f"{question}\n{ask.query}" if ask.query else question, said_before),
        )
        yield _started(blank)
        if not chosen and (which := clarify(question, history, index, partial(_first, index, ask.article_id))):
            answer = replace(blank, status=AnswerStatus.CLARIFY, clarification=which)
        else:
            answer = yield from self._searched(index, ask, blank, parts, open_article)
        answer = replace(answer, timing_ms={**answer.timing_ms, "total": _since(started)})
        if time.perf_counter() - started > _LONG_S:
            self._refuse_outdated(answer, index)
        self.store.add(answer, ask.article_id, ask.reader)
        keep_unanswered(self.store.database, self._settings, answer, ask.article_id)
        yield answer

    def _refuse_outdated(self, answer: Answer, index: Index) -> None:
        """Raises `AnswerOutdated` when what an answer cites was taken away while a language model was writing it."""
        now = self.index
        if now is index or not answer.citations:
            return
        held = verify((asdict(citation) for citation in answer.citations), now.store.articles)
        if not all(citation.holds for citation in held):
            raise AnswerOutdated("an article that this answer cites was changed or withdrawn while it was written; ask again")

    def _query(self, index: Index, ask: Ask, question: str, asked: str, history: Sequence[Turn], heading: str | None) -> Query:
        """What the reader wrote or pointed at comes before what the conversation tells."""
        if ask.query:
            return edited(question, ask.query)
        if ask.section:
            return of_section(asked, ask.section)
        return self._rewriter.stand_alone(asked, history, index, heading)

    def _searched(
        self, index: Index, ask: Ask, blank: Answer, parts: Sequence[Query], open_article: Article | None
    ) -> Generator[Event, None, Answer]:
        """Looks for evidence and says what it holds, or why nothing is said."""
        query, threshold, begun = blank.query, self._settings.abstain_below, time.perf_counter()
        find = partial(find_evidence, index, article_id=ask.article_id, least=self._settings.answer_from)
        evidence = find(query)
        if evidence.confidence < threshold:  # of a question that asks several things, one may be answered
            evidence = max((evidence, *(find(part) for part in parts)), key=lambda one: one.confidence)
        withheld = abstention(evidence, threshold, open_article)
        found = replace(
            blank,
            confidence=Confidence(round(evidence.confidence, 3), threshold),
            index_generation=index.manifest.number,
            timing_ms={"search": _since(begun)},
        )
        if withheld:
            return replace(found, abstention=withheld, nearest=nearest(evidence), suggestions=suggestions(index, evidence, found))
        selection = select(index, query, evidence, parts, self._settings.max_sentences)
        ledger = Ledger(index.store.article)
        speech = Speech(self._quoting if ask.mode is Mode.EXTRACTIVE else self._writer, ledger)
        if ask.mode is Mode.GENERATIVE and self._writer.mode is Mode.EXTRACTIVE:
            speech.fall_back("no language model is set up here")
        for sentence in speech.sentences(query, selection.chosen):
            yield Spoken(sentence, ledger.of(sentence))
        reviewed = Status.least([Status(citation.review_status) for citation in ledger.citations])
        marked = self._settings.mark_unapproved and reviewed is not Status.APPROVED
        said = replace(
            found,
            status=AnswerStatus.ANSWERED,
            mode=speech.mode,
            sentences=tuple(speech.said),
            citations=ledger.citations,
            references=ledger.references,
            review_status=reviewed,
            caveats=(UNAPPROVED, *found.caveats) if marked else found.caveats,
            conflicts=_conflicts(selection, ledger),
            fallback=speech.fallback,
            dropped=speech.dropped,
            notice=NOTICE_GENERATIVE if speech.generated else NOTICE,
        )
        return replace(said, suggestions=suggestions(index, evidence, said), **_worded(said, index.store.article))

    def _known(self, conversation_id: str | None) -> str | None:
        """A conversation's id, if there is such a conversation and the store can tell."""
        try:
            if conversation_id:
                self.store.turns(conversation_id)
        except (ConversationNotFound, StoreUnavailable):
            return None
        return conversation_id

    def _known_article(self, article_id: str | None) -> str | None:
        """An article's id, if the index is open and has it: nothing else of what was sent is kept beside a signpost."""
        try:
            return self.open_index.store.article(article_id).id if self.open_index and article_id else None
        except ArticleNotFound:
            return None

    def _blank(self, ask: Ask, question: str, query: Query) -> Answer:
        """An answer that says nothing yet."""
        return Answer(
            answer_id=_new_id(),
            conversation_id=ask.conversation_id or _new_id(),
            question=question,
            query=query,
            status=AnswerStatus.ABSTAINED,
            mode=Mode.EXTRACTIVE,
            audience=ask.audience,
            disclaimer=DISCLAIMER,
            notice=NOTICE,
        )


def _first(index: Index, article_id: str | None, query: str) -> list[str]:
    """The passage that a query finds first: two readings that find the same one need no question."""
    return [hit.passage.id for hit in index.search(index.encode(query), k=1, article_id=article_id)]


def _worded(answer: Answer, article_of: Callable[[str], Article]) -> dict[str, Any]:
    """What an audience gets beside the quotes: nothing that changes what is cited."""
    plain = plain_sentences(answer.citations, article_of) if answer.audience is Audience.PATIENT else ()
    return {"plain": plain, "glosses": glosses([sentence.text for sentence in answer.sentences], answer.audience)}


def _conflicts(selection: Selection, ledger: Ledger) -> tuple[tuple[Side, ...], ...]:
    """Disagreeing bodies with the numbers of what is cited of each; a group of which only one side is cited is none."""
    numbers = {citation.passage_id: citation.number for citation in ledger.citations}
    groups = []
    for group in selection.disagreements:
        cited = [(held, tuple(numbers[name] for name in held.passage_ids if name in numbers)) for held in group]
        sides = tuple(Side(held.body, held.year, found) for held, found in cited if found)
        if len(sides) > 1:
            groups.append(sides)
    return tuple(groups)


def _started(answer: Answer) -> Started:
    return Started(
        answer.answer_id, answer.conversation_id, answer.query, answer.banner, answer.caveats, answer.disclaimer, answer.notice
    )


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _new_id() -> str:
    return secrets.token_urlsafe(12)
