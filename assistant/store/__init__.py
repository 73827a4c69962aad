"""What readers leave behind: conversations with their answers, and what they thought of an answer. Nothing else is kept."""

from assistant.store.conversations import ConversationStore
from assistant.store.feedback import FeedbackStore

__all__ = ["ConversationStore", "FeedbackStore"]
