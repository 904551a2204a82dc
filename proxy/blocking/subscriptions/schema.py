"""``lists/subscriptions.yaml``: which lists a site subscribes to."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from proxy.blocking.lists import Category, Syntax
from proxy.policy.document import Document, parse_document
from proxy.policy.problems import InvalidFiles, Problem
from proxy.policy.sizes import Size
from proxy.policy.validation import Strict, validate

SUBSCRIPTIONS: Final = "lists/subscriptions.yaml"


class Format(StrEnum):
    """How a list is written."""

    AUTO = "auto"
    ADBLOCK = "adblock"
    HOSTS = "hosts"
    DOMAINS = "domains"
    CNAME = "cname"
    UT1 = "ut1"

    @property
    def syntax(self) -> Syntax | None:
        """The syntax of the files it comes to; ``None``: told from the file."""
        if self is Format.AUTO:
            return None
        return Syntax.DOMAINS if self is Format.UT1 else Syntax(self.value)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("expected an address such as https://lists.example/list.txt")
    if parts.username or parts.password:
        raise ValueError("a password stands in this file, choose a list that needs none")
    return text


def _proxy(text: str) -> str:
    if text in ("", "direct"):
        return text
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("expected http://host:port, or direct, or nothing (the environment's)")
    if parts.password:
        raise ValueError("a password stands in this file, set HTTPS_PROXY instead")
    return text


def _sha256(text: str) -> str:
    if text and not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("expected 64 hexadecimal digits")
    return text


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Subscription(Strict):
    """One list that others keep."""

    name: Slug = Field(description="Its name here: in events, explanations and file names.")
    url: Annotated[str, AfterValidator(_url)] = Field(description="Where it is fetched from.")
    format: Format = Field(default=Format.AUTO, description="How it is written.")
    enabled: bool = Field(default=True, description="no: neither fetched nor in force.")
    category: Category = Field(default=Category.TRACKING, description="What its rules are for.")
    categories: tuple[Slug, ...] = Field(
        default=(), description="Of a UT1 archive: the categories to block; none by default."
    )
    top_level: bool = Field(
        default=False,
        description="Also block pages that people open. Hosts, domain and UT1 lists always do.",
    )
    licence: str = Field(default="", description="Under which it is given; shown, not judged.")
    days: int = Field(
        default=0, ge=0, le=90, description="Days between updates; 0: what the list says, else 4."
    )
    max_size: Size = Field(
        default=64 * 1024**2, description="The largest file taken, once unpacked."
    )
    sha256: Annotated[str, AfterValidator(_sha256)] = Field(
        default="", description="Take only this very file."
    )

    def list_names(self) -> tuple[str, ...]:
        """The list files it comes to: one, or one a category of an archive."""
        if self.format is Format.UT1:
            return tuple(f"{self.name}-{category}" for category in self.categories)
        return (self.name,)


class Subscriptions(Strict):
    """The lists of others that a site uses."""

    proxy: Annotated[str, AfterValidator(_proxy)] = Field(
        default="",
        description="The HTTP proxy on the way out: http://host:port, or direct. "
        "Empty: HTTPS_PROXY and HTTP_PROXY of the environment.",
    )
    subscriptions: tuple[Subscription, ...] = Field(default=(), description="The lists.")

    def active(self) -> tuple[Subscription, ...]:
        """The subscriptions that are switched on."""
        return tuple(one for one in self.subscriptions if one.enabled)


def read_subscriptions(root: Path) -> Subscriptions:
    """What the site in ``root`` subscribes to. Raises ``InvalidFiles``, an ``InputError``."""
    path = root / SUBSCRIPTIONS
    try:
        stat = path.stat()
    except FileNotFoundError:
        return Subscriptions()
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise _invalid([Problem(SUBSCRIPTIONS, 1, 1, f"cannot read this file: {reason}")]) from None
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(4)
def _read(path: Path, changed: int, size: int) -> Subscriptions:
    """Read once a change: the gateway asks every second."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise _invalid([Problem(SUBSCRIPTIONS, 1, 1, f"cannot read this file: {reason}")]) from None
    document = parse_document(raw, SUBSCRIPTIONS)
    written = validate(document, Subscriptions)
    if written is not None:
        _check(document, written)
    if written is None or document.problems:
        raise _invalid(document.problems)
    return written


def _check(document: Document, written: Subscriptions) -> None:
    seen: dict[str, str] = {}
    for index, one in enumerate(written.subscriptions):
        place = ("subscriptions", index)
        for name in (one.name, *one.list_names()):
            if seen.setdefault(name, one.name) != one.name or (
                name == one.name and [s.name for s in written.subscriptions].index(name) != index
            ):
                message = f"another subscription is called {name!r} already, choose another name"
                document.problems.append(document.problem((*place, "name"), message))
                break
        ut1 = one.format is Format.UT1
        if one.categories and not ut1:
            message = "categories go with `format: ut1` only, remove them"
            document.problems.append(document.problem((*place, "categories"), message))
        if ut1 and one.enabled and not one.categories:
            message = "no categories, name those to block or set `enabled: no`"
            document.problems.append(document.problem((*place, "format"), message))


def _invalid(problems: list[Problem]) -> InvalidFiles:
    return InvalidFiles(f"{SUBSCRIPTIONS} cannot be used", problems)
