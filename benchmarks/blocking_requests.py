"""Requests made from the rules of lists: some that a rule was written for, many that it was not."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from proxy.blocking.patterns import TYPE_NAMES, is_regex, split_rule
from proxy.decisions import Headers

_PAGES = ("lesson.example", "www.lemonde.fr", "ecole.example.org", "shop.example.com", "a.co.uk")
_PATHS = ("/", "/app.js", "/img/logo.png", "/api/v1/items?page=2", "/a/b/c.css", "/news/2026/11")
_DEST = {
    "script": b"script",
    "image": b"image",
    "stylesheet": b"style",
    "font": b"font",
    "media": b"video",
    "subdocument": b"iframe",
    "xmlhttprequest": b"empty",
    "object": b"object",
    "document": b"document",
}
_KINDS = ("script", "image", "xmlhttprequest", "subdocument", "stylesheet", "font", "media")


class Ask(NamedTuple):
    """One request, as the gateway sees it and as an engine is asked."""

    url: str
    host: str
    target: str
    page: str
    kind: str
    method: str
    headers: Headers


def asks(rules: Sequence[str], count: int, rng: random.Random) -> list[Ask]:
    """``count`` requests, half of them drawn from the rules."""
    usable = [rule for rule in rules if _usable(rule)]
    made: list[Ask] = []
    while len(made) < count:
        if rng.random() < 0.5:
            url, kind, page = _for_rule(rng.choice(usable), rng)
        else:
            host = (
                f"{rng.choice(('www', 'cdn', 'api', 'static'))}.site{rng.randrange(3000)}.example"
            )
            url, kind = f"https://{host}{rng.choice(_PATHS)}", rng.choice(_KINDS)
            page = rng.choice(_PAGES)
        ask = _ask(url, kind, page, rng, len(made))
        if ask is not None:
            made.append(ask)
    return made


def _usable(rule: str) -> bool:
    text = rule.strip()
    return bool(text) and text[0] not in "![#" and "##" not in text and "#@" not in text


def _for_rule(rule: str, rng: random.Random) -> tuple[str, str, str]:
    pattern, options = split_rule(rule.strip().removeprefix("@@"))
    names = [option for option in options if option in TYPE_NAMES]
    kind = TYPE_NAMES[rng.choice(names)].value if names and rng.random() < 0.8 else ""
    kind = kind if kind in _DEST and kind != "document" else rng.choice(_KINDS)
    domains = [d for o in options if o.startswith("domain=") for d in o[7:].split("|")]
    good = [d for d in domains if d[0] not in "~/" and not d.endswith(".*")]
    page = rng.choice(good) if good and rng.random() < 0.8 else rng.choice(_PAGES)
    if is_regex(pattern):
        return f"https://cdn.example/{rng.randrange(10**6)}.js", kind, page
    text = pattern.strip("|").replace("^", "/").replace("*", rng.choice(("", "x", "a/b")))
    if pattern.startswith("||"):
        sub = rng.choice(("", "", "cdn.", "a.b."))
        return f"https://{sub}{text}{rng.choice(('', '', 'x.js', '?a=1'))}", kind, page
    if pattern.startswith("|"):
        return text, kind, page
    host = rng.choice((f"s{rng.randrange(500)}.example", page))
    return f"https://{host}/p{text if text.startswith('/') else '/' + text}y", kind, page


_URL = re.compile(r"https?://[a-z0-9_-]+(\.[a-z0-9_-]+)+(/[!-~]*)?")


def _ask(url: str, kind: str, page: str, rng: random.Random, number: int) -> Ask | None:
    if not _URL.fullmatch(url):
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    if rng.random() < 0.4:  # what URLs carry: a number that is new each time, a campaign
        url += ("&" if parts.query else "?" if "?" not in url else "") + f"n={number}&utm_term=x"
    if not parts.path:
        url = url.replace(host, host + "/", 1)
    headers = (
        (b"Host", host.encode()),
        (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"),
        (b"Accept", b"*/*"),
        (b"Accept-Language", b"fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3"),
        (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
        (b"Referer", f"https://{page}/".encode()),
        (b"Sec-Fetch-Dest", _DEST[kind]),
        (b"Sec-Fetch-Mode", b"no-cors"),
        (b"Sec-Fetch-Site", b"cross-site"),
        (b"Cookie", b"session=0123456789abcdef"),
    )
    target = url[url.index("/", 8) :]
    return Ask(url, host, target, f"https://{page}/", kind, "GET", headers)


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 12)))


def generated_list() -> str:
    """A list of the size of EasyList and EasyPrivacy together."""
    rng = random.Random(5)
    rules = [f"||{_word(rng)}.{_word(rng)}.example^" for _ in range(90_000)]
    rules += [f"||{_word(rng)}.example^$third-party" for _ in range(6_000)]
    rules += [f"/{_word(rng)}/{_word(rng)}.$script,third-party" for _ in range(12_000)]
    rules += [f"@@||{_word(rng)}.example/{_word(rng)}$script" for _ in range(1_500)]
    return "! Title: generated\n" + "\n".join(rules) + "\n"


def parameter_list() -> str:
    """2,000 rules on parameters: names everywhere, names of a host, a few expressions."""
    rng = random.Random(6)
    rules = [f"$removeparam=utm_{word}" for word in ("source", "medium", "campaign", "term")]
    rules += [f"$removeparam={_word(rng)}" for _ in range(400)]
    rules += [f"||{_word(rng)}.example^$removeparam={_word(rng)}" for _ in range(1_560)]
    rules += [f"$removeparam=/^{_word(rng)}_[a-z]+=/" for _ in range(20)]
    return "! Title: parameters\n" + "\n".join(rules) + "\n"
