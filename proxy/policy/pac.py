"""``proxy.pac``: how browsers learn that the gateway is their proxy.

A PAC file routes and does not protect: who can change it can go round it, so the firewall
must refuse what does not come from the gateway (docs/install/transparent.md). That is why
everything goes through the gateway, hosts that are never inspected too: it passes those on
unread, and blocks trackers by their name. ``direct`` is for what cannot, such as a service
that accepts one address only; the site's own networks and plain names stay inside.

Pure: from names to text. The functions called in it are those that every browser has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from proxy.policy.hosts import normal_host

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ADDRESS6 = re.compile(r"\[[0-9a-fA-F:.]+\]")
_TEMPLATE = """\
// Préau: proxy.pac of {site}. Made by `preau pac`; do not edit.
var GATEWAYS = {gateways};
var DIRECT = {direct};
// Addresses of this network itself: loopback, private, link-local.
var INSIDE4 = /^(127|10|192\\.168|169\\.254|172\\.(1[6-9]|2\\d|3[01]))\\./;
var INSIDE6 = /^\\[?(::1\\]?$|f[cd][0-9a-f]{{2}}:|fe[89ab][0-9a-f]:)/;
var ADDRESS = /^(\\d{{1,3}}\\.){{3}}\\d{{1,3}}$|:/;

function FindProxyForURL(url, host) {{
  host = host.toLowerCase().replace(/\\.$/, "");
  if (host === "localhost" || (host.indexOf(".") < 0 && host.indexOf(":") < 0)) return "DIRECT";
  if (ADDRESS.test(host) && (INSIDE4.test(host) || INSIDE6.test(host))) return "DIRECT";
  for (var i = 0; i < DIRECT.length; i++) {{
    var suffix = DIRECT[i];
    if (suffix.charAt(0) === ".") {{
      var at = host.length - suffix.length;
      if (at > 0 && host.indexOf(suffix, at) === at) return "DIRECT";
    }} else if (host === suffix) return "DIRECT";
  }}
  return GATEWAYS;  // no "DIRECT" after it: without the gateway nothing leaves
}}
"""


def render(site: str, gateways: Sequence[str], direct: Iterable[str] = ()) -> str:
    """The file; ``gateways`` as ``HOST:PORT``, ``direct`` as hosts or ``*.domain``.

    Raises ``ValueError`` for a name that is no host.
    """
    return _TEMPLATE.format(
        site=" ".join(site.replace("\\", " ").split()),
        gateways=json.dumps("; ".join(f"PROXY {_gateway(one)}" for one in gateways)),
        direct=json.dumps([_entry(one) for one in direct]),
    )


def _gateway(text: str) -> str:
    host, colon, port = text.rpartition(":")
    good = _HOST.fullmatch(host.lower()) or _ADDRESS6.fullmatch(host)
    if not (colon and good and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} is no gateway: expected NAME:PORT, or an address and a port")
    return text


def _entry(text: str) -> str:
    bare = text.removeprefix("*.")
    host = normal_host(bare)
    if not _HOST.fullmatch(host):
        raise ValueError(f"{text!r} is neither a host nor *.domain")
    return host if bare == text else f".{host}"
