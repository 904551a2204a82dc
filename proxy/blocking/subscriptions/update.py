"""Updating one subscription: ask, unpack, check, and only then put on the shelf.

What is checked, in this order: size; the pinned SHA-256; that it unpacks; that it is text and
not a page (a captive portal's, a login's); ``! Checksum:`` where a list carries one; that it
holds rules, and more rules than lines nobody understands; that it did not lose more than half
of its rules. Whatever fails, the last good list stays in force.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from proxy.blocking.lists import Account, ListFile, expires_hours, parse
from proxy.blocking.subscriptions import archive
from proxy.blocking.subscriptions.fetch import Fetched, FetchFailed, Way, fetch
from proxy.blocking.subscriptions.schema import Format, Subscription
from proxy.blocking.subscriptions.shelf import Shelf, Slip
from proxy.errors import PreauError

DEFAULT_HOURS = 96
_RETRY_SECONDS = 3600
_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|\?xml)", re.I)
_CHECKSUM = re.compile(r"^\s*!\s*checksum[\s:=-]+([\w+/=]+).*\n", re.I | re.M)


class State(StrEnum):
    """How an update ended."""

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NOT_DUE = "not-due"
    REJECTED = "rejected"
    """It came, and was not taken."""
    FAILED = "failed"
    """It did not come."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one subscription."""

    name: str
    state: State
    detail: str = ""
    rules: int = 0
    before: int = 0
    digest: str = ""


class Rejected(PreauError):
    """A list that must not be taken; the text says why."""


def update(
    one: Subscription,
    shelf: Shelf,
    way: Way,
    *,
    source: str = "",
    force: bool = False,
    even_if_smaller: bool = False,
) -> Outcome:
    """Bring one subscription up to date. ``source``: a mirror's address, a folder or a file."""
    slip = shelf.slip(one)
    whole = shelf.is_whole(one, slip)
    now = time.time()
    if whole and not force and not source and now < due(one, slip):
        return Outcome(one.name, State.NOT_DUE, rules=sum(slip.rules.values()))
    before = slip.rules if whole else {}
    try:
        address, fetched = _get(one, way, source, slip if whole else Slip())
        if fetched.body is None:
            shelf.note(one, replace(slip, taken=now, tried=now, problem=""))
            return Outcome(one.name, State.UNCHANGED, rules=sum(before.values()))
        contents = _unpack(one, fetched.body)
        accounts = {name: _check(one, name, text) for name, text in contents.items()}
        rules = {name: account.rules for name, account in accounts.items()}
        if not even_if_smaller:
            _compare(rules, _rules_there(one, shelf, before))
    except PreauError as error:
        shelf.note(one, replace(slip, tried=now, problem=str(error)))
        state = State.FAILED if isinstance(error, FetchFailed) else State.REJECTED
        return Outcome(one.name, state, str(error))
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in contents.items()}
    first = next(iter(accounts.values()))
    taken = Slip(
        address,
        fetched.etag,
        fetched.last_modified,
        now,
        now,
        _hours(contents),
        first.licence,
        "",
        rules,
        digests,
    )
    same = whole and digests == slip.sha256
    shelf.put(one, {} if same else contents, taken)
    digest = hashlib.sha256("".join(digests.values()).encode()).hexdigest()[:16]
    state = State.UNCHANGED if same else State.UPDATED
    return Outcome(one.name, state, "", sum(rules.values()), sum(before.values()), digest)


def due(one: Subscription, slip: Slip) -> float:
    """When the next update is due (Unix time); after a failure, an hour later."""
    hours = one.days * 24 or slip.hours or DEFAULT_HOURS
    return slip.tried + _RETRY_SECONDS if slip.problem else slip.taken + hours * 3600


def _get(one: Subscription, way: Way, source: str, slip: Slip) -> tuple[str, Fetched]:
    if not source:
        return one.url, _fetch(one.url, one, way, slip)
    if urlsplit(source).scheme in ("http", "https"):
        if not source.endswith("/"):
            return source, _fetch(source, one, way, slip)
        for name in _file_names(one):
            try:
                return source + name, _fetch(source + name, one, way, slip)
            except FetchFailed as error:
                if not error.missing:
                    raise
        raise FetchFailed(f"the mirror has no {' or '.join(_file_names(one))}", missing=True)
    return _from_disk(one, Path(source))


def _fetch(url: str, one: Subscription, way: Way, slip: Slip) -> Fetched:
    if slip.source != url:  # a validator holds for the address that gave it
        return fetch(url, way, one.max_size)
    return fetch(url, way, one.max_size, slip.etag, slip.last_modified)


def _file_names(one: Subscription) -> tuple[str, ...]:
    """How a mirror may call it: by our name, or as the list's own server does."""
    ending = ".tar.gz" if one.format is Format.UT1 else ".txt"
    own = urlsplit(one.url).path.rpartition("/")[2]
    return (one.name + ending, own) if own and own != one.name + ending else (one.name + ending,)


def _from_disk(one: Subscription, path: Path) -> tuple[str, Fetched]:
    paths = [path / name for name in _file_names(one)] if path.is_dir() else [path]
    for candidate in paths:
        try:
            if candidate.stat().st_size > one.max_size:
                raise Rejected(f"larger than max_size ({one.max_size:,} bytes)")
            return str(candidate.absolute()), Fetched(candidate.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FetchFailed(f"cannot be read: {error.strerror or 'unknown error'}") from None
    raise FetchFailed(f"no {' or '.join(str(p) for p in paths)}", missing=True)


def _unpack(one: Subscription, body: bytes) -> dict[str, bytes]:
    if one.sha256 and hashlib.sha256(body).hexdigest() != one.sha256:
        raise Rejected("its SHA-256 is not the one in subscriptions.yaml")
    if one.format is not Format.UT1:
        return {one.name: archive.plain(body, one.max_size)}
    found = archive.categories(body, one.categories, one.max_size)
    return {f"{one.name}-{category}": found[category] for category in one.categories}


def _check(one: Subscription, name: str, text: bytes) -> Account:
    if _PAGE.match(text[:200]):
        raise Rejected("a web page came instead of a list (a portal's or an error page?)")
    if b"\0" in text[:65536]:
        raise Rejected("not text")
    _checksum(text)
    source = ListFile(name, Path(), name, one.category, one.format.syntax, one.top_level)
    account, rules = parse(source, text)
    account.rules = len(rules)
    useless = sum(account.ignored.values())
    if not rules:
        raise Rejected(f"{name} holds no rule that works here")
    if useless > len(rules) + account.cosmetic + 100:
        first = account.problems[0]
        raise Rejected(
            f"does not parse: {useless:,} lines are not rules "
            f"(first: line {first.line}, {first.reason}), {len(rules):,} are"
        )
    return account


def _checksum(text: bytes) -> None:
    """``! Checksum:``: MD5 of the list without that line, without CR and empty lines."""
    written = _CHECKSUM.search(text[:4096].decode("utf-8", "replace"))
    if written is None:
        return
    normal = re.sub(r"\n+", "\n", text.decode("utf-8", "replace").replace("\r", ""))
    normal = _CHECKSUM.sub("", normal, count=1)
    computed = base64.b64encode(hashlib.md5(normal.encode(), usedforsecurity=False).digest())
    if computed.rstrip(b"=").decode() != written.group(1).rstrip("="):
        raise Rejected("its own checksum does not fit: it was altered or cut on the way")


def _rules_there(one: Subscription, shelf: Shelf, known: dict[str, int]) -> dict[str, int]:
    """Rules of the lists on the shelf; counted anew when their slip was lost."""
    if known:
        return known
    counted = {}
    for name in one.list_names():
        path = shelf.path(name)
        if path.is_file():
            source = ListFile(name, path, name, one.category, one.format.syntax, one.top_level)
            counted[name] = len(parse(source, source.read())[1])
    return counted


def _compare(rules: dict[str, int], before: dict[str, int]) -> None:
    for name, count in rules.items():
        had = before.get(name, 0)
        if count * 2 < had:
            raise Rejected(
                f"{name} shrank from {had:,} to {count:,} rules, more than half is gone "
                "(if that is right: --even-if-smaller)"
            )


def _hours(contents: dict[str, bytes]) -> int:
    said = [
        expires_hours(text[:8192].decode("utf-8", "replace").split("\n"))
        for text in contents.values()
    ]
    return min((hours for hours in said if hours), default=0)
