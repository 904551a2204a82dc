"""Lists in, one compiled bundle out: what a blocker needs, ready to be mapped.

Compiling holds the interpreter for up to a second, so the gateway does it in another
process (``python -m proxy.blocking``) and only maps the result (``proxy.blocking.cache``).
The digest covers the lists' contents and names and this program's versions: same digest,
same decisions.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.blocking import lines, shards
from proxy.blocking.bounds import overflowing
from proxy.blocking.engine import ENGINE_VERSION, AdblockEngine
from proxy.blocking.lines import MAX_LISTS, Place
from proxy.blocking.lists import Account, ListFile, ListReport, Rule, parse
from proxy.blocking.rules import Use
from proxy.blocking.stripping import MAX_EVERYWHERE, parse_rule, without_badfilter
from proxy.blocking.stripping import MAX_RULES as MAX_STRIP_RULES
from proxy.errors import InputError

FORMAT = "preau-blocklists-4"

ENGINES = tuple(f"engine_{number}" for number in range(1 + shards.COUNT))
SECTIONS = (
    *ENGINES,
    "top_level_engine",
    "blocked_keys",
    "blocked_places",
    "allowed_keys",
    "allowed_places",
    "rule_keys",
    "rule_places",
    "cname_keys",
    "cname_places",
    "strip_rules",
    "strip_places",
    "blocked_sieve",
    "allowed_sieve",
    "anchor_sieve",
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled set of lists. ``sections`` are bytes, or views of a mapped file."""

    digest: str
    reports: tuple[ListReport, ...]
    sections: dict[str, memoryview]


@dataclass(slots=True)
class _Gathered:
    """Rules of all lists, sorted by who will answer them."""

    blocked: dict[str, Place] = field(default_factory=dict)
    allowed: dict[str, Place] = field(default_factory=dict)
    rules: dict[str, Place] = field(default_factory=dict)
    cnames: dict[str, Place] = field(default_factory=dict)
    strips: dict[str, Place] = field(default_factory=dict)
    top_level: list[str] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)


def digest_of(lists: Sequence[ListFile], contents: Sequence[bytes]) -> str:
    """Names these lists with these contents, read by this program with this engine."""
    total = hashlib.sha256(f"{FORMAT} {ENGINE_VERSION} {sys.byteorder}".encode())
    for source, content in zip(lists, contents, strict=True):
        row = {**source.as_dict(), "path": ""}
        total.update(f"\n{json.dumps(row)}\0".encode())
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()[:32]


def compile_lists(lists: Sequence[ListFile], contents: Sequence[bytes] | None = None) -> Compiled:
    """Parse and compile. Bad lines are counted; only an unreadable list is an error."""
    if len(lists) >= MAX_LISTS:
        raise InputError(f"{len(lists)} block lists; at most {MAX_LISTS - 1} can be used")
    if contents is None:
        contents = [source.read() for source in lists]
    gathered = _Gathered()
    accounts: list[Account] = []
    for index, (source, content) in enumerate(zip(lists, contents, strict=True)):
        account, rules = parse(source, content)
        for rule in rules:
            _gather(gathered, account, index, rule)
        accounts.append(account)
    for host in gathered.cancelled:
        gathered.blocked.pop(host, None)
    _leave_out(gathered, accounts)
    parts, anchors = shards.split(gathered.rules)
    engines = [AdblockEngine.compile(part, ()) for part in parts]
    _count_taken(engines, gathered, accounts)
    strips = _strips(gathered, accounts)
    engines.append(AdblockEngine.compile(gathered.top_level, ()))
    sections = [engine.serialize() for engine in engines]
    for places in (gathered.blocked, gathered.allowed, gathered.rules, gathered.cnames):
        sections.extend(lines.to_bytes(places))
    sections.append(json.dumps(list(strips)).encode())
    sections.append(array("Q", map(lines.pack, strips.values())).tobytes())
    for hosts in (gathered.blocked, gathered.allowed, anchors):
        sections.append(lines.sieve_bytes(hosts))
    return Compiled(
        digest_of(lists, contents),
        tuple(account.report() for account in accounts),
        {name: memoryview(part) for name, part in zip(SECTIONS, sections, strict=True)},
    )


def _gather(gathered: _Gathered, account: Account, index: int, rule: Rule) -> None:
    line, number, category = rule
    top_level = account.top_level or line.document
    place = Place(index, number, category, line.important, top_level)
    if line.use is Use.ENGINE:
        gathered.rules.setdefault(line.text, place)
        if top_level:
            gathered.top_level.append(line.text)
        return  # counted once the engine has taken it
    if line.use is Use.STRIP:
        gathered.strips.setdefault(line.text, place)
        return
    account.rules += 1
    if line.use is Use.CNAME:
        gathered.cnames.setdefault(line.host, place)
        return
    account.whole_hosts += 1
    if line.use is Use.HOST_BLOCK:
        _strongest(gathered.blocked, line.host, place)
    elif line.use is Use.HOST_CANCEL:
        gathered.cancelled.add(line.host)
    else:
        _strongest(gathered.allowed, line.host, place)
        # The engine must know it too, to spare requests that its own rules would block.
        gathered.rules.setdefault(line.text, place)
        gathered.counted.add(line.text)
        if account.top_level:
            gathered.top_level.append(line.text)


def _leave_out(gathered: _Gathered, accounts: Sequence[Account]) -> None:
    """Drop, and say, the rules that would make requests slow."""
    left_out = overflowing(gathered.rules)
    for text, reason in left_out.items():
        place = gathered.rules.pop(text)
        accounts[place.list].ignore(place.line, reason, text)
        if text in gathered.counted:
            accounts[place.list].rules -= 1
    if left_out:
        gathered.top_level = [text for text in gathered.top_level if text not in left_out]


def _strips(gathered: _Gathered, accounts: Sequence[Account]) -> dict[str, Place]:
    """The rules on parameters that hold: not taken back, and not too many."""
    cancelled = {
        without_badfilter(text)
        for text in gathered.strips
        if "badfilter" in text.rpartition("$")[2]
    }
    kept: dict[str, Place] = {}
    everywhere = 0
    for text, place in gathered.strips.items():
        account = accounts[place.list]
        if text in cancelled:
            continue
        if without_badfilter(text) != text:
            account.rules += 1
            continue
        wide = parse_rule(text).is_everywhere
        if len(kept) >= MAX_STRIP_RULES or (wide and everywhere >= MAX_EVERYWHERE):
            account.ignore(place.line, "too many removeparam rules", text)
            continue
        everywhere += wide
        account.rules += 1
        account.strips += 1
        kept[text] = place
    return kept


def _strongest(places: dict[str, Place], host: str, place: Place) -> None:
    """Keep the place with the wider effect; the first one among equals."""
    known = places.get(host)
    if known is None:
        places[host] = place
        return
    if (place.important, place.top_level) > (known.important, known.top_level):
        known, place = place, known
    places[host] = known._replace(
        important=known.important or place.important, top_level=known.top_level or place.top_level
    )


def _count_taken(
    engines: Sequence[AdblockEngine], gathered: _Gathered, accounts: Sequence[Account]
) -> None:
    """Credit each engine rule to its list, or say that the engine did not take it."""
    for text, place in gathered.rules.items():
        if text in gathered.counted:
            continue
        account = accounts[place.list]
        if "badfilter" in text or any(engine.takes(text) for engine in engines):
            account.rules += 1
        else:
            account.ignore(place.line, "not taken by the engine", text)
