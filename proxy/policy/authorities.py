"""Whether the authorities that a site adds for services can be read: asked before it serves.

With a file that is not there, or holds no certificate, every connection to a service would fail,
each on its own and in words about something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from proxy.policy.problems import InvalidFiles, Problem

if TYPE_CHECKING:
    from proxy.site import Site

_KEY = "upstream_ca"


def mistake(site: Site) -> Problem | None:
    """What is wrong with ``upstream_ca``, at its line."""
    path = site.upstream_ca
    if path is None:
        return None
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        wrong = error.strerror or "cannot be read"
    except ValueError:
        wrong = "holds no certificate"
    else:
        wrong = "" if found else "holds no certificate"
    if not wrong:
        return None
    ref = site.ref(_KEY)
    return Problem(
        ref.file,
        ref.line,
        1,
        f"{_KEY}: {path}: {wrong}: name a file of certificates in PEM, by a path from the site's "
        "folder or a whole one",
    )


def check(site: Site) -> None:
    """Raise ``InvalidFiles`` for a file that no connection to a service could do with."""
    found = mistake(site)
    if found is not None:
        raise InvalidFiles("the site cannot be served", [found])
