"""A whole site for end-to-end tests: generated people, policies, keys, and the real gateway.

with School(tmp_path).open_to(cloud) as school:
    client = school.client()
    client.ask(b"POST /v1/classwork HTTP/1.1\\r\\n…")
    assert b"Camille" not in cloud.everything
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addons.background import BackgroundWorker
from addons.gateway import Gateway, worker_settings
from proxy.ca import export_ca
from proxy.cli.demo import furnish
from proxy.demo.people import Person, cast
from proxy.demo.site import SCHOOL
from proxy.runtime import Runtime
from proxy.site import load_site
from tests.sim.authority import CloudAuthority, client_context
from tests.sim.gateway import gateway_pem
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient

HOST = "classe.nuage.example"
"""The inspected service's host (``SERVICE``)."""
SERVICE = "nuage-classe"
BANK = "www.banque.example"
TRACKER = "stats.pistage.example"

SITE_YAML = f"""\
site: Site d'essai
contact: {{name: Référent, address: referent@lycee-demo.example}}
networks:
  - {{network: 127.0.0.0/8, school: {SCHOOL}, group: pupils}}
school_domains: [lycee-demo.example]
pseudonym_domain: p.lycee-demo.example
listen: 127.0.0.1:0
status: 127.0.0.1:0
dns: {{uncloak: false}}
"""

SERVICE_YAML = f"""\
service: {SERVICE}
title: La classe dans le nuage
purpose: Remettre ses devoirs
supplier: {{name: Nuage Exemple, country: FR, jurisdictions: [FR]}}
charter: {{adhered: yes, since: 2026-09-01, evidence: test}}
hosts: [{HOST}]
treatment: inspect
requests:
  - match: POST /v1/classwork
    body:
      - {{at: student.name, is: full_name}}
      - {{at: student.givenName, is: given_name}}
      - {{at: student.familyName, is: family_name}}
      - {{at: student.email, is: email}}
      - {{at: student.birthDate, is: birth_date, do: generalise, to: year}}
      - {{at: student.photo, is: photo, do: drop}}
      - {{at: student.secret, is: text, do: refuse}}
"""


@dataclass(frozen=True)
class OpenSchool:
    """A school whose gateway serves."""

    runtime: Runtime
    worker: BackgroundWorker
    people: list[Person]

    @property
    def port(self) -> int:
        """The proxy's port."""
        return self.worker.port

    @property
    def ca_pem(self) -> str:
        """What clients trust."""
        return gateway_pem(self.runtime.site.ca_dir)

    def client(self, host: str = HOST, **kwargs: Any) -> RawClient:
        """A raw HTTP/1 client through the gateway."""
        return RawClient.connect(self.port, host, client_context(self.ca_pem), **kwargs)

    def h2_client(self, host: str = HOST) -> H2Client:
        """An HTTP/2 client through the gateway."""
        context = client_context(self.ca_pem, ("h2", "http/1.1"))
        return H2Client.connect(self.port, host, context)


class School:
    """Makes the site once; ``open_to`` serves it before some clouds."""

    def __init__(self, folder: Path, count: int = 60, site: str = SITE_YAML) -> None:
        self.root = folder / "site"
        self.authority = CloudAuthority(folder)
        files = {
            "site.yaml": site + f"upstream_ca: {self.authority.pem}\n",
            f"services/{SERVICE}.yaml": SERVICE_YAML,
            "lists/block/test.txt": f"! category: analytics\n||{TRACKER}^\n",
            "lists/never-inspect.txt": f"# banking\n{BANK}\n",
        }
        for name, text in files.items():
            self.write(name, text)
        self.people = cast(count, school=SCHOOL)
        furnish(self.root, self.people, folder / "roster")

    def write(self, name: str, text: str) -> None:
        """Write or replace a file of the site."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_ca(self, path: Path) -> Path:
        """Write what clients trust to a file."""
        path.write_bytes(export_ca(load_site(self.root).ca_dir))
        return path

    def tls(self, *hosts: str, **kwargs: Any) -> Any:
        """A server context for clouds that the gateway trusts."""
        return self.authority.server_context(*(hosts or (HOST,)), **kwargs)

    @contextlib.contextmanager
    def open_to(
        self, cloud: Any = None, resolve: Mapping[str, tuple[str, int]] | None = None, **kw: Any
    ) -> Iterator[OpenSchool]:
        """The gateway, serving; ``cloud`` stands behind every host of the site."""
        names = dict(resolve or {})
        if cloud is not None:
            names |= dict.fromkeys((HOST, BANK, TRACKER), cloud.address)
        runtime = Runtime.open(self.root)
        try:
            gateway = Gateway(runtime)
            settings = worker_settings(runtime, resolve=names, tcp_timeout=20, **kw)
            with BackgroundWorker(settings, gateway.addons, gateway.refusal) as worker:
                yield OpenSchool(runtime, worker, self.people)
        finally:
            runtime.close()
