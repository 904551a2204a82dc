"""What ``site.yaml`` says of what leaves the audit log: where to, how often, in what form."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from proxy.audit.errors import NoteError
from proxy.audit.export.formats import Format
from proxy.outbound.places import check_url
from proxy.policy.sizes import Size
from proxy.policy.validation import Strict
from proxy.witness.cosignature import WitnessKey

_DURATION = re.compile(r"(\d{1,5})\s*(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")


def parse_duration(value: Any) -> int:
    """``30 s``, ``10 min``, ``1 h``, ``1 d``."""
    match = _DURATION.fullmatch(str(value).strip())
    if match is None or int(match[1]) == 0:
        raise ValueError("expected a time such as '30 s', '10 min', '1 h' or '1 d'")
    return int(match[1]) * _SECONDS[match[2]]


def parse_collector(text: str) -> tuple[str, int]:
    """``HOST:PORT``; IPv6 in brackets."""
    host, _, port = text.rpartition(":")
    if not (_HOST.fullmatch(host) and port.isascii() and port.isdigit()):
        raise ValueError("expected HOST:PORT, such as collector.example:6514")
    if not 0 < int(port) < 65536:
        raise ValueError("expected a port from 1 to 65535")
    return host.strip("[]"), int(port)


def _collector(text: str) -> str:
    if text:
        parse_collector(text)
    return text


def _url(text: str) -> str:
    return check_url(text) if text else text


def _bucket(text: str) -> str:
    if not text:
        return text
    if len([part for part in check_url(text).split("/")[3:] if part]) < 1:
        raise ValueError("expected https://HOST/BUCKET or https://HOST/BUCKET/FOLDER")
    return text.rstrip("/")


def _witness_key(text: str) -> str:
    try:
        return str(WitnessKey.parse(text))
    except NoteError as error:
        raise ValueError(f"expected a witness's public key (name+id+base64), {error}") from None


Duration = Annotated[
    int,
    BeforeValidator(parse_duration, json_schema_input_type=str),
    Field(gt=0, examples=["10 min"]),
]
Url = Annotated[str, AfterValidator(_url)]
_CA = Field(
    default="", description="A PEM file of authorities to trust there, instead of the system's."
)
_CERTIFICATE = Field(
    default="", description="A PEM file with our own certificate and key, when it is asked for."
)
_NAME = Field(
    description="A short name, for the cursor and the metrics.",
    pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$",
)


class Method(StrEnum):
    """How a URL takes a checkpoint."""

    PUT = "PUT"
    POST = "POST"


def one_of(given: Strict, *names: str) -> None:
    """Exactly one of these settings is there."""
    if sum(bool(getattr(given, name)) for name in names) != 1:
        raise ValueError(f"expected exactly one of: {', '.join(names)}")


class PublishFile(Strict):
    """One place where checkpoints are published."""

    file: str = Field(default="", description="A file; its history stands beside it.")
    url: Url = Field(default="", description="https://… that takes the note.")
    git: str = Field(default="", description="A git work tree: one commit a checkpoint.")
    paper: str = Field(default="", description="A folder of sheets to print.")
    method: Method = Field(default=Method.PUT, description="PUT or POST, for a url.")
    push: str = Field(default="", description="The remote to push to, for git.")
    ca: str = _CA
    certificate: str = _CERTIFICATE

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of(self, "file", "url", "git", "paper")
        if self.push.startswith("-"):
            raise ValueError("push: expected the name of a remote, such as origin")
        return self

    @property
    def kind(self) -> str:
        """The word of the event ``checkpoint-published``."""
        return next(name for name in ("file", "url", "git", "paper") if getattr(self, name))


class WitnessFile(Strict):
    """One witness."""

    key: Annotated[str, AfterValidator(_witness_key)] = Field(
        description="Its public key, as 'preau witness init' printed it."
    )
    url: Annotated[str, AfterValidator(check_url)] = Field(description="Where it answers.")
    ca: str = _CA
    certificate: str = _CERTIFICATE


class ExportFile(Strict):
    """One destination of every event."""

    name: str = _NAME
    format: Format = Field(description="ocsf, cef, or json (as signed).")
    file: str = Field(default="", description="A file, rotated.")
    syslog: Annotated[str, AfterValidator(_collector)] = Field(
        default="", description="HOST:PORT of a collector: syslog (RFC 5424) over TLS."
    )
    url: Url = Field(default="", description="https://… that takes lines of JSON by POST.")
    rotate: Size = Field(default=64 * 1024**2, description="When a file is begun anew.")
    keep: int = Field(default=10, description="How many full files stay.", ge=1, le=10_000)
    ca: str = _CA
    certificate: str = _CERTIFICATE

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of(self, "file", "syslog", "url")
        return self


class ShipFile(Strict):
    """One whole copy of the log."""

    name: str = _NAME
    folder: str = Field(default="", description="A folder, perhaps of a mounted disk.")
    s3: Annotated[str, AfterValidator(_bucket)] = Field(
        default="", description="https://HOST/BUCKET/FOLDER of S3-compatible storage."
    )
    region: str = Field(
        default="us-east-1", description="The storage's region.", pattern=r"^[a-z0-9-]{1,40}$"
    )
    credentials: str = Field(
        default="",
        description="A file of two lines, access key and secret key (chmod 600). Empty: "
        "PREAU_S3_ACCESS_KEY and PREAU_S3_SECRET_KEY.",
    )
    ca: str = _CA
    certificate: str = _CERTIFICATE

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of(self, "folder", "s3")
        return self


class OutgoingFile(Strict):
    """What leaves the audit log: checkpoints, events, whole copies. None holds personal data."""

    publish_every: Duration = Field(
        default=600, description="How often a checkpoint is witnessed and published."
    )
    publish: tuple[PublishFile, ...] = Field(
        default=(), max_length=16, description="Where checkpoints are published."
    )
    witnesses: tuple[WitnessFile, ...] = Field(
        default=(), max_length=16, description="Who signs our checkpoints besides us."
    )
    witnesses_wanted: int = Field(
        default=0, ge=0, le=16, description="How many must have signed; fewer raise an alarm."
    )
    export: tuple[ExportFile, ...] = Field(
        default=(), max_length=16, description="Where every event is sent."
    )
    ship: tuple[ShipFile, ...] = Field(
        default=(), max_length=16, description="Where whole copies of the log are kept."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = [item.name for item in self.export] + [item.name for item in self.ship]
        double = next((name for name in names if names.count(name) > 1), None)
        if double:
            raise ValueError(f"the name {double!r} stands twice in export and ship")
        if self.witnesses_wanted > len(self.witnesses):
            raise ValueError("witnesses_wanted is more than there are witnesses")
        if len({item.key for item in self.witnesses}) < len(self.witnesses):
            raise ValueError("a witness stands twice in witnesses")
        return self

    @property
    def asked(self) -> bool:
        """Whether anything is to leave."""
        return bool(self.publish or self.witnesses or self.export or self.ship)
