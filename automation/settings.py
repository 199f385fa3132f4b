"""Settings from the environment, one frozen value. A wrong or unknown one fails by name.

`docs/settings.md` has the table; a test keeps both in step.
"""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

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
        ),
    ] = 100.0

    @field_validator("notion_base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(
            ("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")
        ):
            raise ValueError("must start with https:// (http:// only for this machine)")
        return value

    @field_validator("database")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if not value.startswith("sqlite:///") and value != "memory:":
            raise ValueError("must be sqlite:///FILE or memory:")
        return value


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
    _refuse_unknown(environ, known)
    given = {name: environ[name] for name in known if environ.get(name)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(str(first["loc"][0]), message) from error


def _refuse_unknown(environ: Mapping[str, str], known: set[str]) -> None:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known | NOT_SETTINGS:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(name, f"there is no such setting{hint}")


SHORT_SECRET_BYTES = 16
"""A shorter secret works, and the start says that it is weak."""


def secrets_for(variable: str, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets of a source: the current one, and `<variable>_PREVIOUS` while it is being changed.

    Empty when the variable is unset or empty: the source is closed then.
    """
    if not environ.get(variable):
        return ()
    names = (variable, f"{variable}_PREVIOUS")
    return tuple(environ[name].encode() for name in names if environ.get(name))
