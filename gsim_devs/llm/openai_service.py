"""Any service that speaks OpenAI's chat completions. One call for one request: who asks again is `retrying`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from .dialect import Dialect, Rung
from .envelope import Source, failure, opened
from .estimates import estimated_usage
from .failures import CallError, DeadlineError, DialectError, RefusedError, UnavailableError
from .messages import Reply, Request
from .replies import json_object

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

OPENAI = "https://api.openai.com/v1"
_NO_KEY = "none"


class OpenaiService:
    """A model at an address. It learns how the service wants to be asked; that is why it is kept for a whole run."""

    def __init__(
        self,
        base_url: str,
        model: str,
        key: SecretStr | None = None,
        *,
        seconds: float = 600.0,
        temperature: float | None = None,
        reasoning_effort: str | None = None,
        rung: Rung = "json_schema",
    ) -> None:
        self._base_url = base_url
        self._model = model
        self._source = Source(model, key.get_secret_value() if key is not None else "")
        self._seconds = seconds
        settings = {"temperature": temperature, "reasoning_effort": reasoning_effort}
        self._settings = {name: value for name, value in settings.items() if value is not None}
        is_openai = base_url.rstrip("/") == OPENAI
        self._dialect = Dialect(rung, "max_completion_tokens" if is_openai else "max_tokens")
        self._client: AsyncOpenAI | None = None

    @property
    def rung(self) -> Rung:
        """How replies in JSON are asked for, as far as is known."""
        return self._dialect.rung

    async def complete(self, request: Request) -> Reply:
        """Make one call; raises a CallError where it yields no reply."""
        begun = asyncio.get_running_loop().time()
        dialect = self._dialect
        body = await self._sent(request, dialect)
        answer = opened(body, request, self._source)
        if request.reply_schema is not None and not _holds_object(answer.text):
            # It was asked for JSON and did not care; perhaps it heeds another way of asking. The reply counts.
            self._learn(dialect, dialect.below())
        seconds = asyncio.get_running_loop().time() - begun
        return Reply(text=answer.text, model=answer.model, usage=answer.usage, seconds=seconds)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _sent(self, request: Request, dialect: Dialect) -> bytes:
        client = self._connected()
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        words = dialect.words(request)
        try:
            # The deadline of the library is for each piece that arrives; this one is for all of them.
            async with asyncio.timeout(self._seconds):
                calls: Any = client.chat.completions.with_raw_response
                response = await calls.create(model=self._model, **words, **self._settings)
            body: bytes = response.content
            return body
        except (TimeoutError, APITimeoutError):
            told = f"{self._model}: no whole reply within {self._seconds:g} seconds; see timeout in [llm]"
            raise DeadlineError(told, usage=estimated_usage(request)) from None
        except APIStatusError as error:
            raise self._refusal(error, request, dialect) from None
        except APIConnectionError as error:
            cause = self._source.complaint(error.__cause__ or error)
            told = f"{self._base_url}: no connection, or it broke off: {cause}"
            raise UnavailableError(told) from None
        except OpenAIError as error:
            raise RefusedError(f"{self._model}: {self._source.complaint(error)}") from None

    def _refusal(self, error: APIStatusError, request: Request, dialect: Dialect) -> CallError:
        said = self._source.complaint(error.body if error.body is not None else error.response.text)
        if error.status_code in (400, 422):
            other = dialect.after_refusal(said, has_schema=request.reply_schema is not None)
            if other is not None:
                self._learn(dialect, other)
                return DialectError(f"{self._model}: {said}")
        return failure(error.status_code, said, error.response.headers, self._model)

    def _learn(self, tried: Dialect, better: Dialect) -> None:
        """Only from the first of the calls that were on their way at once."""
        if self._dialect == tried:
            self._dialect = better

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            # It takes a second, and only who calls a service needs it.
            from openai import AsyncOpenAI

            self._client = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._source.key or _NO_KEY,
                max_retries=0,
                timeout=self._seconds,
            )
        return self._client


def _holds_object(text: str) -> bool:
    try:
        json_object(text)
    except ValueError:
        return False
    return True
