"""What readers leave behind: conversations with their answers, what they thought of an answer, and, only where the operator
turned it on, questions without an answer. Nothing else is kept.
"""

from assistant.store.conversations import ConversationStore
from assistant.store.feedback import FeedbackStore

__all__ = ["ConversationStore", "FeedbackStore"]
