"""``preau test``: what the site expects of its policies, asked of the gateway's own functions."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from proxy.cli.output import emit
from proxy.explaining.expectations import Result, read_tests, run_tests
from proxy.runtime import open_snapshot

GROUP = "Set up"
HELP = "run the site's own tests of its policies (tests/*.yaml)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files, and ``-v``."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="only these files")
    parser.add_argument("-v", "--verbose", action="store_true", help="every test, and its time")


def run(args: argparse.Namespace) -> int:
    """0 when all is as expected, 1 when not; a file that cannot be read is an input error."""
    snapshot = open_snapshot(args.site)
    results = list(run_tests(snapshot, read_tests(args.site, args.files)))
    bad = [one for one in results if not one.good]
    lines = [line for one in results if args.verbose or not one.good for line in _lines(one)]
    lines.append(f"{len(results) - len(bad)} good, {len(bad)} not as expected")
    document = {"ok": not bad, "tests": [{**asdict(one), "ok": one.good} for one in results]}
    emit(args, "\n".join(lines), document)
    return 1 if bad else 0


def _lines(one: Result) -> list[str]:
    if one.good:
        return [f"ok    {one.name}  ({one.rule}, {one.microseconds} µs)"]
    lines = [f"FAIL  {one.name}", f"      {one.file}:{one.line}"]
    if one.error:
        return [*lines, f"      {one.error}"]
    lines += [f"      {name}: {is_!r}, expected {should!r}" for name, is_, should in one.wrong]
    return [*lines, f"      decided by {one.rule} (`preau explain` says more)"]
