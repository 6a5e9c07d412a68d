"""Talk to language models: services, recordings, a chat window. Knows nothing of what is asked."""

from __future__ import annotations

from .budget import Budget, Limits
from .cassette import Cassette
from .configuration import Configuration, load_configuration
from .conversations import Conversation, Together, Work, converse
from .failures import BudgetError, CallError, RecordingError, StoppedError
from .insisting import insist
from .interrupts import interruptible
from .messages import Backend, Message, Reply, Request, Usage
from .opening import Opened, open_backend
from .probing import Finding, probe
from .prompts import rendered, variables
from .replies import code_block, form_of, json_object
from .scripted import Script

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
    "insist",
    "open_backend",
    "Opened",
    "interruptible",
    "probe",
    "Finding",
    "Configuration",
    "load_configuration",
    "Budget",
    "Limits",
    "Cassette",
    "Script",
    "CallError",
    "BudgetError",
    "StoppedError",
    "RecordingError",
    "rendered",
    "variables",
    "json_object",
    "code_block",
    "form_of",
]
