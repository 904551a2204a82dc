"""One line of a filter list: what it is, and whether we can keep its promise.

Three syntaxes meet here: Adblock Plus / uBlock Origin, hosts files, plain domain lists. A
line ends up as one of

* a **whole-host rule** (``||host^`` and nothing else): a dictionary answers it, at any time,
  also when only the host is known (CONNECT, SNI). Four rules in five of the usual lists;
* an **engine rule**: everything that looks at the URL, the type, the party or the page;
* **ignored**, with the reason, so that ``preau lists status`` can say how much of a list
  really works here. The wrapped engine drops what it does not understand without a word.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from proxy.blocking.patterns import TYPE_NAMES, bounded_regex, is_regex, split_rule
from proxy.blocking.stripping import Unusable, is_strip_rule, parse_rule


class Use(StrEnum):
    """What becomes of a line."""

    HOST_BLOCK = "host-block"
    HOST_ALLOW = "host-allow"
    HOST_CANCEL = "host-cancel"
    """``||host^$badfilter``: takes the whole-host rule back."""
    ENGINE = "engine"
    STRIP = "strip"
    """``$removeparam``: takes parameters out of a URL (``proxy.blocking.stripping``)."""
    CNAME = "cname"
    """A host that trackers hide behind other names (``proxy.blocking.blocker.cname_target``)."""
    COMMENT = "comment"
    COSMETIC = "cosmetic"
    IGNORED = "ignored"


class Line(NamedTuple):
    """A line, understood. ``text`` is the rule, or the reason when ``use`` is IGNORED."""

    use: Use
    text: str
    host: str = ""
    important: bool = False
    document: bool = False
    """The rule itself asks to hold for top-level navigations."""


COMMENT = Line(Use.COMMENT, "")
COSMETIC = Line(Use.COSMETIC, "")

MAX_LINE = 65536
"""Longer lines are ignored: honest rules reach 10 KB (long ``domain=``), hostile ones 1 MB."""

MAX_DOLLARS = 32
"""Each ``$`` may open the options: trying them all on a line of thousands costs minutes."""

MAX_WILDCARDS = 32
"""``*`` and ``^`` in one pattern: usual lists have 4 ``*`` at most; 2,000 cost seconds a URL."""

_WHOLE_HOST = re.compile(r"(@@)?\|\|([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)\^(?:\$([a-z,]+))?")
_WHOLE_HOST_OPTIONS = frozenset(("important", "all", "badfilter", "document", "doc"))
_COSMETIC = re.compile(r'^[^/|@"!]*?#@?[?$%]{0,2}#|^[^/|"!]*?\$\$')
_HOSTNAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})+")
_PLAIN_PATH = re.compile(r"[!#%&()+,\-./0-9:;=?@A-Z\[\]_a-z~]{1,2000}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LOOK_AROUND = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]")
_HOSTS_ADDRESSES = frozenset(("0.0.0.0", "127.0.0.1", "::", "::1", "0", "fe80::1%lo0"))  # noqa: S104 - text of hosts files
_LOCAL_NAMES = frozenset(("localhost", "localhost.localdomain", "local", "broadcasthost"))

# fmt: off
_UNSUPPORTED_OPTIONS = frozenset((
    "from", "to", "denyallow", "method", "header", "strict1p", "strict3p", "strict-first-party",
    "strict-third-party", "ipaddress", "replace", "urlskip", "uritransform", "permissions",
    "rewrite", "csp", "cookie", "stealth", "network", "app",
    "jsonprune", "hls", "removeheader", "inline-script", "inline-font", "inline-css", "popup",
    "popunder", "webrtc", "cname", "redirect-url", "empty", "mp4", "genericblock", "reason",
    "requestheader", "responseheader", "client", "ctag", "dnstype", "dnsrewrite",
))
_COSMETIC_OPTIONS = frozenset((
    "generichide", "ghide", "specifichide", "shide", "elemhide", "ehide", "content", "jsinject",
    "urlblock", "extension",
))
_OTHER_TYPES = frozenset(TYPE_NAMES) - {"document", "doc"}
_NARROW_TYPES = frozenset(("ping", "beacon", "websocket", "object", "font", "csp_report"))
# fmt: on


def ignored(reason: str) -> Line:
    """A line that does nothing here, and why."""
    return Line(Use.IGNORED, reason)


_PRIORITY = re.compile(r"(?<=[$,])(redirect(?:-rule)?=[^,:$]+):-?\d+(?=,|$)")
_ABP_RESOURCE = re.compile(r"([$,])rewrite=abp-resource:")


def abp_line(raw: str) -> Line:
    """Understand one line of Adblock Plus / uBlock Origin syntax."""
    text = raw.strip()
    if not text or text[0] == "!" or (text[0] == "[" and text[-1] == "]"):
        return COMMENT
    if len(text) > MAX_LINE:
        return ignored("line too long")
    whole = _WHOLE_HOST.fullmatch(text)
    if whole is not None:
        line = _whole_host(text, whole)
        if line is not None:
            return line
    if text[0] == "#" and not text.startswith(("##", "#@", "#?", "#$", "#%")):
        return COMMENT  # a hosts-style comment that strayed into the list
    if ("#" in text or "$$" in text) and _COSMETIC.match(text):
        return COSMETIC
    if text.count("$") > MAX_DOLLARS:
        return ignored("too many $")
    return _engine_rule(text)


def _whole_host(text: str, match: re.Match[str]) -> Line | None:
    """A rule on a whole host and nothing finer, or ``None``."""
    exception, host, listed = match.groups()
    options = frozenset(listed.split(",")) if listed else frozenset[str]()
    if not options <= _WHOLE_HOST_OPTIONS or _IPV4.fullmatch(host):
        return None  # the engine compares addresses as text, as part of the URL
    page = bool(options & {"document", "doc"})
    if page and (exception or "all" not in options):
        return None  # ``$document`` alone means navigations only
    if "badfilter" in options:
        return Line(Use.HOST_CANCEL, text, host) if not exception else None
    if exception:
        return Line(Use.HOST_ALLOW, text, host, "important" in options)
    return Line(Use.HOST_BLOCK, text, host, "important" in options, "all" in options)


def _engine_rule(text: str) -> Line:
    """An engine rule, or the reason why it cannot work."""
    text = _redirect(text)
    exception = text.startswith("@@")
    body = text[2:] if exception else text
    pattern, options = split_rule(body)
    names = {option.partition("=")[0].lstrip("~").lower() for option in options}
    if exception and names & _COSMETIC_OPTIONS:
        return COSMETIC
    if is_strip_rule(names):
        return _strip_rule(text)
    if exception and names & {"document", "doc"} and names & _OTHER_TYPES:
        # An exception for pages spares all that they load: that part is a browser's. What it
        # says of other types holds here.
        options = [o for o in options if o.lower() not in ("document", "doc")]
        names -= {"document", "doc"}
        text = f"@@{pattern}${','.join(options)}"
    reason = _why_unusable(pattern, options, names, exception)
    if reason:
        return ignored(reason)
    document = not exception and any(o.lower() in ("document", "doc", "all") for o in options)
    return Line(Use.ENGINE, text, document=document)


def _redirect(text: str) -> str:
    """A rule that names an answer, as the engine knows it: without a priority, and with
    ``redirect=`` for Adblock Plus's ``rewrite=abp-resource:``."""
    if "redirect" in text:
        return _PRIORITY.sub(r"\1", text)
    if "rewrite=abp-resource:" in text:
        return _ABP_RESOURCE.sub(r"\1redirect=", text)
    return text


def _strip_rule(text: str) -> Line:
    try:
        parse_rule(text)
    except Unusable as error:
        return ignored(str(error))
    return Line(Use.STRIP, text)


def _why_unusable(pattern: str, options: list[str], names: set[str], exception: bool) -> str:
    unsupported = sorted(names & _UNSUPPORTED_OPTIONS)
    if unsupported:
        return f"option {unsupported[0]}"
    if "all" in names:
        return "option all with a path"
    if exception and names & {"document", "doc"}:
        return "page exception"
    for option in options:
        name, _, value = option.partition("=")
        if name.lower() == "domain" and all(d.endswith(".*") for d in value.split("|")):
            return "option domain with a wildcard suffix"
    if pattern.startswith("||") and pattern[2:3] in ("", "/", "^", "*", "|"):
        return "no host after ||"
    if is_regex(pattern):
        if _LOOK_AROUND.search(pattern):
            return "regular expression with look-around"
        costly = bounded_regex(pattern[1:-1]) is None
        return "regular expression too costly or not understood" if costly else ""
    if pattern.count("*") + pattern.count("^") > MAX_WILDCARDS:
        return "too many wildcards"
    if sum(c.isalnum() for c in pattern) < 2 and not _narrow(options):
        return "matches nearly everything"
    return ""


def _narrow(options: list[str]) -> bool:
    """Whether options alone keep a rule without a pattern to a few requests."""
    domains = [o[7:] for o in options if o.lower().startswith("domain=")]
    if any(not domain.startswith("~") for value in domains for domain in value.split("|")):
        return True
    words = {option.lower() for option in options}
    return bool(words & {"third-party", "3p"}) and bool(words & _NARROW_TYPES)


def hosts_line(raw: str) -> Line:
    """Understand one line of a hosts file: ``0.0.0.0 tracker.example``."""
    text = raw.partition("#")[0].strip()
    if not text:
        return COMMENT
    address, *names = text.split()
    if address not in _HOSTS_ADDRESSES:
        return ignored("does not point at this machine")
    if len(names) != 1:
        return ignored("not one host a line")
    return domain_line(names[0])


def domain_line(raw: str) -> Line:
    """Understand one line of a plain domain list: ``tracker.example`` or ``*.tracker.example``."""
    text = raw.partition("#")[0].strip().lower().removeprefix("*.").strip(".")
    if not text or text[0] == "!":
        return COMMENT
    if len(text) > MAX_LINE:
        return ignored("line too long")
    host, slash, path = text.partition("/")
    if slash and path:  # the ``urls`` files of category archives
        return _url_line(host, path)
    text = host
    if text in _LOCAL_NAMES or _IPV4.fullmatch(text):
        return ignored("local name or address")
    host = text if text.isascii() else _to_ascii(text)
    if not _HOSTNAME.fullmatch(host):
        return ignored("not a host name")
    return Line(Use.HOST_BLOCK, f"||{host}^", host, document=True)


def _url_line(host: str, path: str) -> Line:
    if not _HOSTNAME.fullmatch(host) or not _PLAIN_PATH.fullmatch(path):
        return ignored("not a host name or a plain address")
    return Line(Use.ENGINE, f"||{host}/{path}", document=True)


def cname_line(raw: str) -> Line:
    """Understand one line of a list of CNAME targets: a host, in whatever of the syntaxes."""
    text = raw.strip()
    found = hosts_line(text) if " " in text and text[:1].isdigit() else COMMENT
    if found is COMMENT:
        found = abp_line(text) if text[:1] in "|@![" else domain_line(text)
    if found.use is Use.HOST_BLOCK:
        return found._replace(use=Use.CNAME)
    return found if found.use in (Use.COMMENT, Use.IGNORED) else ignored("not a CNAME target")


def _to_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
