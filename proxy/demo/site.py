"""The demo's site: a folder of policies as an administrator would write them."""

from __future__ import annotations

from pathlib import Path

from proxy.demo.cloud import BANK, SERVICE, TRACKER

SCHOOL = "0751234A"
DOMAIN = "lycee-demo.example"

SITE = f"""\
# A site: one school. Everything here has a default; see docs/policies.md.
site: Lycée de démonstration
language: fr
contact: {{name: Référent numérique, address: numerique@{DOMAIN}}}
networks:
  - {{network: 127.0.0.0/8, school: {SCHOOL}, group: pupils}}
school_domains: [{DOMAIN}]
pseudonym_domain: p.{DOMAIN}
upstream_ca: @UPSTREAM_CA@
listen: 127.0.0.1:0
status: 127.0.0.1:0
dns: {{uncloak: false}}  # these hosts exist on this machine only
"""

SERVICE_YAML = f"""\
service: nuage-classe
title: La classe dans le nuage
purpose: Remettre ses devoirs
supplier: {{name: Nuage Exemple SAS, country: FR, jurisdictions: [FR]}}
charter: {{adhered: yes, since: 2026-09-01, evidence: demonstration only}}
retention: until the end of the school year
hosts: [{SERVICE}]
treatment: inspect
requests:
  - match: POST /v1/classwork
    body:
      - {{at: student.name, is: full_name}}
      - {{at: student.email, is: email}}
      - {{at: student.birthDate, is: birth_date, do: generalise, to: year}}
"""

BLOCK_LIST = f"""\
! Title: Demo
! category: analytics
||{TRACKER}^
"""

NEVER_INSPECT = f"""\
# banking
{BANK}
"""


def write_site(folder: Path, upstream_ca: Path) -> None:
    """Write the site's files into ``folder``."""
    files = {
        "site.yaml": SITE.replace("@UPSTREAM_CA@", str(upstream_ca)),
        "services/nuage-classe.yaml": SERVICE_YAML,
        "lists/block/demo.txt": BLOCK_LIST,
        "lists/never-inspect.txt": NEVER_INSPECT,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
