"""The writer that asks a language model: sentence by sentence, each shown only if the passages that it cites say it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

from assistant.generative.gate import Support, judge
from assistant.generative.prompt import messages
from assistant.generative.sentences import SentenceStream
from assistant.types import Chosen, Draft, Dropped, Mode, Query, Role
from corpus.errors import SettingsError, WriterFailed

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from pydantic import SecretStr

    from assistant.generative.streaming import ModelStream
    from assistant.rewriting import ModelRewriter

#: Providers whose package is an extra of ours; others are installed by hand (`pip install langchain-…`).
EXTRAS = ("openai", "anthropic", "ollama")


class WriterSettings(Protocol):
    """What `open_writer` reads."""

    @property
    def writer_model(self) -> str:
        """`openai:gpt-…`, `anthropic:…`, `ollama:…`: as `init_chat_model` names it. Empty: no model."""

    @property
    def writer_base_url(self) -> str:
        """Address of a server of one's own; empty: the provider's."""

    @property
    def writer_key(self) -> SecretStr:
        """Empty: from the provider's own environment variable."""

    @property
    def writer_deadline_s(self) -> float:
        """For the whole answer, retries included."""

    @property
    def writer_first_token_s(self) -> float:
        """For its first word."""

    @property
    def writer_max_tokens(self) -> int:
        """Longest answer."""


class GenerativeWriter:
    """Any LangChain chat model behind the gate. Shared by all threads."""

    mode = Mode.GENERATIVE

    def __init__(self, stream: ModelStream, support: Support | None = None) -> None:
        self._stream = stream
        self._support = support

    def write(self, query: Query, chosen: Sequence[Chosen]) -> Generator[Draft | Dropped, None, None]:
        """Each sentence as soon as it is complete and has passed the gate; `Dropped` for each that has not.

        Raises `WriterFailed` when the model is late, fails, is silent, or wrote nothing that its passages say.
        """
        quotes = [one.hit.passage.text for one in chosen]
        shown: set[str] = set()
        spoken = False
        for sentence, complete in self._sentences(query, quotes):
            spoken = True
            verdict = judge(sentence, quotes, self._support)
            if not complete:
                yield Dropped("not finished")
            elif verdict.reason:
                yield Dropped(verdict.reason.value)
            elif verdict.text in shown:
                yield Dropped("said before")
            else:
                shown.add(verdict.text)
                rests_on = [chosen[number - 1] for number in verdict.cited]
                yield Draft(verdict.text, tuple(one.hit.passage for one in rests_on), _role(rests_on))
        if not shown:
            raise WriterFailed(
                "nothing that the language model wrote is said by the passages" if spoken else "the language model gave no answer"
            )

    def _sentences(self, query: Query, quotes: Sequence[str]) -> Iterator[tuple[str, bool]]:
        """Sentences as they are completed; at the end what is left, complete or not."""
        arriving = SentenceStream()
        with closing(self._stream.pieces(messages(query.text, quotes))) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                for sentence in arriving.feed(piece):
                    if sentence:
                        yield sentence, True
        left, complete = arriving.close()
        if left:
            yield left, complete


def _role(rests_on: Sequence[Chosen]) -> Role:
    roles = {one.role for one in rests_on}
    if Role.ANSWER in roles:
        return Role.ANSWER
    return Role.CONDITION if Role.CONDITION in roles else Role.CONTRAST


def open_writer(settings: WriterSettings, support: Support | None = None) -> GenerativeWriter:
    """The writer that the settings name. Raises `SettingsError` for a model that cannot be opened, and says what to install."""
    import assistant.chains  # noqa: F401  # switches LangSmith's tracing off before a model exists
    from assistant.generative.streaming import Limits, ModelStream

    limits = Limits(min(settings.writer_first_token_s, settings.writer_deadline_s), settings.writer_deadline_s)
    return GenerativeWriter(ModelStream(open_model(settings), limits), support)


def open_model(settings: WriterSettings) -> BaseChatModel:
    """A chat model by name, with no tools, no cache and no retries of its own (assistant/generative/streaming.py has them)."""
    from langchain.chat_models import init_chat_model

    provider, _, name = settings.writer_model.partition(":")
    if not provider or not name:
        raise SettingsError(
            f"FOLLOWUP_WRITER_MODEL is {settings.writer_model!r}; it is written provider:model, as in openai:gpt-4.1-mini"
        )
    try:
        model: BaseChatModel = init_chat_model(name, model_provider=provider, **_arguments(provider, settings))
    except ImportError:
        package = f"'followup-assistant[{provider}]'" if provider in EXTRAS else f"langchain-{provider}"
        raise SettingsError(f"FOLLOWUP_WRITER_MODEL is {settings.writer_model}; run `pip install {package}`") from None
    except ValueError:
        known = f"it knows {', '.join(EXTRAS)} and more"
        raise SettingsError(f"FOLLOWUP_WRITER_MODEL: LangChain knows no provider {provider!r}; {known}") from None
    except Exception as error:  # noqa: BLE001  # every provider has its own; their texts may hold the key
        problem = f"it cannot be opened ({type(error).__name__}); is FOLLOWUP_WRITER_KEY set?"
        raise SettingsError(f"FOLLOWUP_WRITER_MODEL is {settings.writer_model}: {problem}") from None
    return model


def _arguments(provider: str, settings: WriterSettings) -> dict[str, Any]:
    key = settings.writer_key.get_secret_value()
    if provider == "ollama":
        return {
            "num_predict": settings.writer_max_tokens,
            "temperature": 0,
            "client_kwargs": {"timeout": settings.writer_deadline_s},
            **({"base_url": settings.writer_base_url} if settings.writer_base_url else {}),
        }
    arguments: dict[str, Any] = {
        "max_tokens": settings.writer_max_tokens,
        "max_retries": 0,
        "timeout": settings.writer_deadline_s,
    }
    if settings.writer_base_url:
        arguments["base_url"] = settings.writer_base_url
        key = key or "none"  # a server of one's own asks for none, the client insists on one
    if key:
        arguments["api_key"] = key
    if provider != "openai" or settings.writer_base_url:
        arguments["temperature"] = 0  # the reasoning models of OpenAI itself refuse it
    return arguments


def open_rewriter(settings: WriterSettings) -> ModelRewriter:
    """The same model, asked to make follow-up questions stand alone. Raises `SettingsError`."""
    import assistant.chains  # noqa: F401  # switches LangSmith's tracing off before a model exists
    from assistant.rewriting import ModelRewriter

    return ModelRewriter(open_model(settings), min(settings.writer_first_token_s, settings.writer_deadline_s))
