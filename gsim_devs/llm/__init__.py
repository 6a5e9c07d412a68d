"""Talk to language models: services, recordings, a chat window. Knows nothing of what is asked."""

from __future__ import annotations

from .conversations import Conversation, Together, Work, converse
from .messages import Backend, Message, Reply, Request, Usage
from .prompts import rendered, variables
from .replies import code_block, form_of, json_object

__all__ = [
    "Backend",
    "Request",
    "Message",
    "Reply",
    "Usage",
    "Conversation",
    "Work",
    "Together",
    "converse",
    "rendered",
    "variables",
    "json_object",
    "code_block",
    "form_of",
]
