"""Which model answers, where, for how much: `[llm]` of gsim-devs.toml, then the environment, then the command line.

    [llm]
    model = "gpt-5-mini"
    base_url = "https://api.openai.com/v1"
    timeout = 300
    [llm.limits]
    max_tokens = 400000
    [llm.prices.gpt-5-mini]
    input = 0.25
    cached = 0.025
    output = 2.0

A key comes from the environment alone; it is never printed and never written to a file.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from gsim_devs.contracts import Declaration, from_data
from gsim_devs.errors import UsageError

from .budget import Limits
from .estimates import Price
from .openai_service import OPENAI

FILE = "gsim-devs.toml"
_FROM_ENVIRONMENT = {"OPENAI_BASE_URL": "base_url", "GSIM_DEVS_MODEL": "model"}


class Configuration(Declaration):
    """What the file says under `[llm]`, and what environment and command line put in its place."""

    model: str | None = None
    """The name by which the service knows the model."""
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] = OPENAI
    """Where the service is; usually ends in /v1."""
    timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds for one call, from the request to the end of the reply."""
    parallel: Annotated[int, Field(ge=1)] | Literal["adaptive"] = "adaptive"
    """How many calls run at once; `adaptive`: as many as the service bears."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """None: as the service has it."""
    reasoning_effort: str | None = None
    """Such as `low`; none: as the service has it."""
    answered_by: str = "by hand"
    """Who answers the requests that are written to files."""
    limits: Limits = Limits()
    """The budget."""
    prices: Mapping[str, Price] = {}
    """By the name of the model."""

    @property
    def price(self) -> Price | None:
        """Of the model; none: it is not known, and nothing is guessed."""
        return self.prices.get(self.model) if self.model else None


def load_configuration(
    folder: Path, environment: Mapping[str, str], flags: Mapping[str, Any] | None = None
) -> Configuration:
    """Flags beat the environment, the environment beats the file in this folder; a flag that is None is not given."""
    path = folder / FILE
    said = _section(path)
    told = {key: environment[name] for name, key in _FROM_ENVIRONMENT.items() if environment.get(name)}
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    limits = {key: given.pop(key) for key in Limits.model_fields if key in given}
    held = said.get("limits", {})
    if limits and isinstance(held, dict):
        given["limits"] = {**held, **limits}
    return from_data(Configuration, {**said, **told, **given}, f"{path}, [llm]")


def key_from(environment: Mapping[str, str]) -> SecretStr | None:
    """The key for the service, where there is one."""
    key = environment.get("OPENAI_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("OPENAI_API_KEY is no key: it holds characters that no key has")
    return SecretStr(key) if key else None


def _section(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            section = tomllib.load(file).get("llm", {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    if not isinstance(section, dict):
        raise UsageError(f"{path}: llm must be a section, written as [llm]")
    if "api_key" in section:
        raise UsageError(f"{path}: a key does not belong into a file; set OPENAI_API_KEY instead")
    # TOML has dates and times; nothing here is one, so they are told as what they look like.
    plain: dict[str, Any] = json.loads(json.dumps(section, default=str))
    return plain
