"""Talk to language models: services, recordings, a chat window. Knows nothing of what is asked."""

from __future__ import annotations

from .conversations import Conversation, Work, converse
from .messages import Backend, Message, Reply, Request, Usage

__all__ = ["Backend", "Request", "Message", "Reply", "Usage", "Conversation", "Work", "converse"]
