"""``preau status``: what is wrong, and what to do."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy import fleet
from proxy.audit import verify
from proxy.audit.outgoing import lags
from proxy.ca import ca_info
from proxy.cli import status_store
from proxy.cli.output import emit
from proxy.errors import InputError, PreauError
from proxy.policy.policy import load_policy
from proxy.pseudonyms.keys import Keys
from proxy.site import Site, load_site
from proxy.store import open_store
from proxy.supervisor.control import ask
from proxy.supervisor.options import run_folder

GROUP = "Run"
HELP = "what is wrong with the site, and what to do"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the site: is it good, and what to know or do."""

    name: str
    good: bool
    detail: str

    @property
    def mend(self) -> str:
        """The verb that mends it, or that tells more; empty when there is nothing to do."""
        return "" if self.good else _MENDS.get(self.name, "doctor")


_MENDS = {
    "policy": "check",
    "keys": "keys status",
    "ca": "ca init",
    "audit": "audit verify",
    "agreement": "upgrade --workers",
    "roll": "upgrade --workers",
}
"""For others, ``doctor`` says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(args: argparse.Namespace) -> int:
    """0 if everything is good, else 1."""
    site = load_site(args.site)
    shared = status_store.look(site)
    findings = [
        _find("policy", lambda: _policy(site)),
        _find("keys", lambda: f"versions {Keys.load(site.keys_dir).versions}"),
        _find("ca", lambda: f"until {ca_info(site.ca_dir).not_after:%Y-%m-%d}"),
        _find("store", lambda: _store(site)),
        _find("audit", lambda: _audit(site)),
        *_gateway(site),
        *(Finding(*saying) for saying in status_store.sayings(shared)),
        *(Finding(f"outgoing {lag.name}", lag.good, lag.detail) for lag in lags(site)),
    ]
    lines = [line for finding in findings for line in _lines(finding, args.site)]
    documents = [
        {"name": f.name, "good": f.good, "detail": f.detail, "mend": _command(f, args.site)}
        for f in findings
    ]
    lines += status_store.table(shared, fleet.known_id(site.state_dir))
    fleet_documents = status_store.documents(shared)
    emit(args, "\n".join(lines), {"parts": documents, "fleet": fleet_documents})
    return 0 if all(finding.good for finding in findings) else 1


def _lines(finding: Finding, site: Path) -> list[str]:
    lines = [f"{'good' if finding.good else 'BAD ':<5} {finding.name:<8} {finding.detail}"]
    return lines if finding.good else [*lines, f"{'':<14} → {_command(finding, site)}"]


def _command(finding: Finding, site: Path) -> str:
    return f"preau {finding.mend} --site {site}" if finding.mend else ""


def _gateway(site: Site) -> list[Finding]:
    """The processes of the gateway that runs here, if one does."""
    status = ask(run_folder(site.state_dir), "status")
    if status is None:
        return []
    found = [_process(one) for one in (*status["workers"], *status["processes"])]
    policies = status["policies"]
    if len(policies) > 1:
        told = "; ".join(f"workers {slots} follow {digest}" for digest, slots in policies.items())
        found.append(Finding("agreement", False, f"{told}: wait a few seconds, or preau upgrade"))
    problems = [Finding(name, False, text) for name, text in status["problems"].items()]
    return [*found, *problems]


def _process(one: Mapping[str, Any]) -> Finding:
    name = f"worker {one['slot']}" if one["role"] == "worker" else str(one["role"])
    good = one["state"] in ("ready", "draining") and not one.get("problem")
    words = [str(one["state"])]
    if "pid" in one:
        words.append(f"process {one['pid']} for {one['seconds']} s")
    if "connections" in one:
        words.append(f"{one['connections']} connections")
    if one["restarts"]:
        words.append(f"started again {one['restarts']} times, last: {one['last_exit']}")
    if one["state"] == "awaited":
        cap = " (the longest wait: see the journal for why it ends)" if one["capped"] else ""
        words.append(f"next try in {one['next_try_in']} s{cap}")
    if one.get("problem"):
        words.append(one["problem"])
    return Finding(name, good, ", ".join(words))


def _find(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except InputError as error:
        return Finding(name, False, "; ".join((str(error), *error.problems)))
    except PreauError as error:
        return Finding(name, False, str(error))


def _policy(site: Site) -> str:
    policy = load_policy(site.root)
    return f"{policy.digest}, {len(policy.services)} services"


def _store(site: Site) -> str:
    store = open_store(site.store_url)
    try:
        Keys.load(site.keys_dir).bind(store)
        return f"answers, directory version {store.directory_version()}"
    finally:
        store.close()


def _audit(site: Site) -> str:
    if not site.audit_dir.exists():
        raise InputError(f"{site.audit_dir}: no log yet; the first import or run begins it")
    report = verify(site.audit_dir)
    if not report.ok:
        raise PreauError(report.problems[0].message)
    return f"{report.events} events, whole"
