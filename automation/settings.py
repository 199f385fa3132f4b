"""Settings from the environment, one frozen value. A wrong or unknown one fails by name.

`docs/settings.md` has the table; a test keeps both in step.
"""

import difflib
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from automation.model.errors import SettingsError

PREFIX = "AUTOMATION_"
NOT_SETTINGS = frozenset({"AUTOMATION_TEST_DATA"})
"""Variables with our prefix that belong to the test suite."""


class NotionPlan(StrEnum):
    """The workspace's plan: its request budget.

    https://developers.notion.com/reference/request-limits
    """

    FREE = "free"
    PLUS = "plus"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"

    @property
    def requests_per_minute(self) -> int:
        """Requests one connection may send in 60 s."""
        return 600 if self in {NotionPlan.BUSINESS, NotionPlan.ENTERPRISE} else 180


class LogStyle(StrEnum):
    TEXT = "text"
    JSON = "json"


class Settings(BaseModel):
    """Everything the service is told from outside, except webhook secrets (see `secrets_for`)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=False)

    notion_token: Annotated[
        SecretStr | None,
        Field(validation_alias="NOTION_TOKEN", description="the connection's token"),
    ] = None
    notion_base_url: Annotated[
        str,
        Field(validation_alias="NOTION_BASE_URL", description="where the Notion API is"),
    ] = "https://api.notion.com"
    notion_plan: Annotated[
        NotionPlan,
        Field(validation_alias="NOTION_PLAN", description="free, plus, business or enterprise"),
    ] = NotionPlan.FREE
    notion_requests_per_minute: Annotated[
        int | None,
        Field(
            validation_alias="NOTION_REQUESTS_PER_MINUTE",
            description="the request budget, where it is not the plan's",
            ge=1,
            le=100_000,
        ),
    ] = None
    rules: Annotated[
        str, Field(validation_alias="AUTOMATION_RULES", description="the folder of rule files")
    ] = "rules"
    database: Annotated[
        str,
        Field(
            validation_alias="AUTOMATION_DATABASE", description="sqlite:///file, or memory: (lost)"
        ),
    ] = "sqlite:///automation.db"
    host: Annotated[
        str, Field(validation_alias="AUTOMATION_HOST", description="the address to listen on")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(
            validation_alias="AUTOMATION_PORT", description="the port to listen on", ge=0, le=65535
        ),
    ] = 8000
    public_hosts: Annotated[
        str,
        Field(
            validation_alias="AUTOMATION_PUBLIC_HOSTS",
            description="if set, the only names accepted in the Host header, comma separated",
        ),
    ] = ""
    log: Annotated[
        LogStyle, Field(validation_alias="AUTOMATION_LOG", description="text or json")
    ] = LogStyle.TEXT
    settle_seconds: Annotated[
        float,
        Field(
            validation_alias="AUTOMATION_SETTLE_SECONDS",
            description="how long after an unclear write Notion is asked whether it was done",
            gt=0,
            le=3600,
        ),
    ] = 100.0

    @property
    def requests_per_minute(self) -> int:
        """The budget of the token."""
        return self.notion_requests_per_minute or self.notion_plan.requests_per_minute

    @field_validator("notion_token")
    @classmethod
    def _is_one_word(cls, value: SecretStr | None) -> SecretStr | None:
        # It stands in a header; the client's own complaint would show it.
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("must be one word of plain characters, without spaces and line ends")
        return value

    @field_validator("notion_base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not _is_safe_base(value):
            raise ValueError(
                "must be https:// and a host (http:// only for this machine), without user or query"
            )
        return value

    @field_validator("database")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value != "memory:" and not re.fullmatch(r"sqlite:///.+", value):
            raise ValueError("must be sqlite:///FILE or memory:")
        return value

    @field_validator("public_hosts")
    @classmethod
    def _are_names(cls, value: str) -> str:
        for name in filter(None, map(str.strip, value.split(","))):
            if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+", name):
                raise ValueError(f"{name!r} is not a host's name such as hooks.example.com")
        return value


def _is_safe_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # reading the port checks it
    except ValueError:
        return False
    if not host or port == 0 or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def variables() -> tuple[tuple[str, str, str], ...]:
    """(variable, default, about) of every setting, in order."""
    return tuple(
        (str(field.validation_alias), _shown(field.default), field.description or "")
        for field in Settings.model_fields.values()
    )


def _shown(default: object) -> str:
    return "" if default is None else str(default)


def read(environ: Mapping[str, str]) -> Settings:
    """The settings that this environment gives. Raises SettingsError naming the variable.

    An empty variable counts as unset.
    """
    known = {name for name, _, _ in variables()}
    wrong = _unknown(environ, known)
    given = {name: environ[name] for name in known if environ.get(name)}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        wrong |= {
            str(one["loc"][0]): _words(one["msg"]) for one in error.errors(include_input=False)
        }
    if wrong:
        first, *others = wrong.items()
        more = "".join(f"\n{name}: {message}" for name, message in others)
        raise SettingsError(first[0], first[1] + more)
    return settings


def _words(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "must", 1)


def _unknown(environ: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """What is wrong with variables that look like ours and are not."""
    found = {}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known | NOT_SETTINGS:
            ours = [one.removeprefix(PREFIX) for one in known if one.startswith(PREFIX)]
            near = difflib.get_close_matches(name.removeprefix(PREFIX), ours, n=1)
            hint = f"; did you mean {PREFIX}{near[0]}?" if near else ""
            found[name] = f"there is no such setting{hint}"
    return found


SHORT_SECRET_BYTES = 16
"""A shorter secret works, and the start says that it is weak."""


def secrets_for(variable: str, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets of a source: the current one, and `<variable>_PREVIOUS` while it is being changed.

    Empty when the variable is unset or empty: the source is closed then.
    """
    if not environ.get(variable):
        return ()
    names = (variable, f"{variable}_PREVIOUS")
    # The very bytes that were given, whatever they are: the environment is not always UTF-8.
    return tuple(os.fsencode(environ[name]) for name in names if environ.get(name))
