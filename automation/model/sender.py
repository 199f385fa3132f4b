"""A sender declared in a rules file (`[source.acme]`), as its table is written."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class SenderSignature(BaseModel):
    """`signature = { header = …, … }`: an HMAC over `signed`, where {body}, {timestamp} and {id} stand for
    the raw body, the timestamp header's text and the id header's text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: Annotated[str, Field(min_length=1)]
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    signed: str = "{body}"
    id_header: str | None = None


class SenderTimestamp(BaseModel):
    """`timestamp = { header = …, tolerance = "5 minutes" }`: seconds (or milliseconds) since 1970."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: Annotated[str, Field(min_length=1)]
    tolerance: str = "5 minutes"
    unit: Literal["seconds", "milliseconds"] = "seconds"


class Sender(BaseModel):
    """`[source.NAME]`. `name` and `id` are templates over `body` and `headers`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret_env: Annotated[str, Field(min_length=1)]
    signature: SenderSignature
    timestamp: SenderTimestamp | None = None
    name: str | None = None
    id: str | None = None
    inner: str | None = None
    max_bytes: Annotated[int, Field(gt=0, le=25_000_000)] = 25_000_000
