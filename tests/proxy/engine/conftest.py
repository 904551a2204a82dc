"""An open site without a gateway: the engine is asked directly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.decisions import Headers
from proxy.engine import Client, Head
from proxy.runtime import Runtime
from tests.sim.school import HOST, SITE_YAML, School

OTHER_SCHOOL = """\
  - {network: 127.9.0.0/16, school: 0759999Z, group: pupils}
"""


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    """One site for all tests of the engine."""
    marker = "school_domains:"
    site = SITE_YAML.replace(marker, OTHER_SCHOOL + marker, 1)
    return School(tmp_path_factory.mktemp("engine"), 40, site)


@pytest.fixture(scope="session")
def runtime(school: School) -> Iterator[Runtime]:
    """The site, open."""
    opened = Runtime.open(school.root)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def client(runtime: Runtime) -> Client:
    """A pupil's machine."""
    return runtime.client("127.0.0.1")


def head(
    method: str = "GET",
    target: str = "/",
    host: str = HOST,
    headers: Headers = (),
    scheme: str = "https",
    gate_host: str | None = None,
) -> Head:
    """A head as an adapter makes it."""
    fields = ((b"host", host.encode()), *headers)
    port = 443 if scheme == "https" else 80
    return Head(
        method, scheme, host, port, target, fields, host if gate_host is None else gate_host
    )
