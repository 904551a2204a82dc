"""``preau check``: every mistake and every doubt in the site's files, by line."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

from proxy.blocking.subscriptions import read_subscriptions, site_lists
from proxy.cli.output import emit
from proxy.errors import InputError
from proxy.policy import authorities
from proxy.policy.policy import Policy, Reading, read_policy
from proxy.policy.problems import InvalidFiles, Problem
from proxy.site import SITE_FILE
from proxy.timetable.advice import advise

GROUP = "Set up"
HELP = "check the site's files: mistakes and warnings by file, line and column"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beyond ``--site`` and ``--json``."""


def run(args: argparse.Namespace) -> int:
    """0 when the policy can be applied (warnings or not), 1 when it cannot."""
    if not (args.site / SITE_FILE).exists():
        raise InputError(
            f"{args.site} holds no {SITE_FILE}: name the site's folder with --site, or write a "
            f"new site with `preau init {args.site}`"
        )
    reading = read_policy(args.site, os.environ)
    _add_subscriptions(args.site, reading)
    _add_authorities(reading)
    _add_hours(reading)
    problems, warnings = sorted(reading.problems), reading.warnings
    lines = [
        *(f"{problem}" for problem in problems),
        *(f"{w.file}:{w.line}:{w.column}: warning: {w.message}" for w in warnings),
        _summary(reading.policy, problems, warnings),
    ]
    emit(args, "\n".join(lines), document(reading))
    return 0 if reading.policy is not None else 1


def _add_subscriptions(root: Path, reading: Reading) -> None:
    """The mistakes of lists/subscriptions.yaml: with them the site cannot be applied either."""
    try:
        read_subscriptions(root)
    except InvalidFiles as error:
        reading.problems.extend(error.found)
        reading.policy = None


def _add_authorities(reading: Reading) -> None:
    """Certificates that cannot be read: the gateway would not start."""
    found = authorities.mistake(reading.policy.site) if reading.policy else None
    if found is not None:
        reading.problems.append(found)
        reading.policy = None


def _add_hours(reading: Reading) -> None:
    """What the time and the lists of today make of rules and exceptions."""
    policy = reading.policy
    if policy is None:
        return
    site = policy.site
    lists = {one.name for one in site_lists(site.root, site.state_dir)}
    lists.update(
        name for one in read_subscriptions(site.root).active() for name in one.list_names()
    )
    found = advise(policy.timetable, site.networks.clients(), lists, time.time())
    reading.warnings = sorted([*reading.warnings, *found])


def document(reading: Reading) -> dict[str, object]:
    """For ``--json``."""
    policy = reading.policy
    return {
        "ok": policy is not None,
        "digest": policy.digest if policy else None,
        "services": sorted(policy.services) if policy else [],
        "problems": [problem.document() for problem in sorted(reading.problems)],
        "warnings": [warning.document() for warning in reading.warnings],
    }


def _summary(
    policy: Policy | None, problems: Sequence[Problem], warnings: Sequence[Problem]
) -> str:
    if policy is None:
        return f"{_count(len(problems), 'problem')}: this site cannot be applied."
    services = _count(len(policy.services), "service")
    return f"Good: {services}, policy {policy.digest}, {_count(len(warnings), 'warning')}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
