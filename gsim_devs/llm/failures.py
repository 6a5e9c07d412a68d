"""Why no reply could be had. Each failure of a call says what the call took and whether asking again may help.

BackendError
├── CallError                   a call to a service failed; `usage` says what it took
│   ├── RateLimitError          429: too many requests; `retry_after` seconds where the service says so
│   ├── UnavailableError        5xx, 408, 409, no connection, a connection that broke off
│   ├── DeadlineError           no whole reply within the time for one call
│   ├── GarbledError            200, and what came is not what was announced: HTML, half a JSON text
│   ├── DialectError            the service refuses a way of asking; the next attempt asks in another way
│   ├── RefusedError            the service refuses the request: 400, 404, 422
│   │   ├── AccessError         401, 403: the key
│   │   └── QuotaError          429 as well, but the account is used up
│   └── NoReplyError            the model answered, and it is no reply
│       ├── TruncatedError      it reached the limit of its length
│       ├── DeclinedError       it declined
│       ├── FilteredError       a filter of the service withheld it
│       └── EmptyError          it said nothing
├── BudgetError                 a limit of the budget is reached; `limit` says which
├── StoppedError                somebody asked to stop
├── RecordingError              a recording does not answer this request
│   ├── MissingRecordingError   there is none
│   ├── ChangedRequestError     it answers another request; the message shows the difference
│   ├── DamagedRecordingError   the file cannot be read
│   └── UnusedRecordingsError   nobody asked for some of them
└── ScriptError                 a script for tests has no further reply
"""

from __future__ import annotations

from typing import ClassVar

from gsim_devs.errors import BackendError

from .messages import Usage


class CallError(BackendError):
    """A call to a service failed; where it was made again, this is the last failure and `usage` covers them all."""

    repeats: ClassVar[int] = 0
    """How often it makes sense to ask again."""

    def __init__(
        self,
        message: str,
        *,
        usage: Usage | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.usage = usage or Usage()
        self.retry_after = retry_after
        """Seconds that the service wants us to wait."""


class RateLimitError(CallError):
    """The service wants fewer requests."""

    repeats = 12


class UnavailableError(CallError):
    """The service cannot be reached, or failed."""

    repeats = 5


class DeadlineError(CallError):
    """There was no whole reply within the time for one call."""

    repeats = 2


class GarbledError(CallError):
    """What came is not what was announced."""

    repeats = 2


class DialectError(CallError):
    """The service refuses a way of asking; the next attempt asks in another way."""

    repeats = 4


class RefusedError(CallError):
    """The service refuses the request."""


class AccessError(RefusedError):
    """The key is missing, wrong, or not allowed to do this."""


class QuotaError(RefusedError):
    """The account is used up."""


class NoReplyError(CallError):
    """The model answered, and it is no reply."""


class TruncatedError(NoReplyError):
    """The reply reached the limit of its length."""


class DeclinedError(NoReplyError):
    """The model declined."""


class FilteredError(NoReplyError):
    """A filter of the service withheld the reply."""


class EmptyError(NoReplyError):
    """The model said nothing."""

    repeats = 1


class BudgetError(BackendError):
    """A limit of the budget is reached."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class StoppedError(BackendError):
    """Somebody asked to stop."""


class RecordingError(BackendError):
    """A recording does not answer this request."""


class MissingRecordingError(RecordingError):
    """There is none."""


class ChangedRequestError(RecordingError):
    """There is one, for another request."""


class DamagedRecordingError(RecordingError):
    """The file cannot be read."""


class UnusedRecordingsError(RecordingError):
    """Nobody asked for some of them."""


class ScriptError(BackendError):
    """A script for tests has no further reply."""
