"""Puts an Assistant together from the settings: the index, the stored conversations, and a language model where one is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.answering import Assistant

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.search import Index


def open_assistant(settings: Settings) -> Assistant:
    """An Assistant over the live index and the stored conversations. Opens nothing yet. Raises `SettingsError`."""
    from assistant.finding import finder_of
    from assistant.store import ConversationStore
    from index.live import LiveIndex

    def ready(index: Index) -> None:
        index.warm()
        finder_of(index)

    live = LiveIndex(settings, before=ready)
    if not settings.writer_model:
        return Assistant(live, ConversationStore(settings.database), settings)

    from assistant.generative.support import support_by
    from assistant.generative.writer import open_rewriter, open_writer

    bundled = settings.model == type(settings).model_fields["model"].default  # the gate's floor fits no other embedder
    writer = open_writer(settings, support_by(lambda: live.current().embedder()) if bundled else None)
    rewriter = open_rewriter(settings) if settings.writer_rewrites else None
    return Assistant(live, ConversationStore(settings.database), settings, writer, rewriter)
