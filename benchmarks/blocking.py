"""``python -m benchmarks.blocking``: what blocking costs, and whether an independent engine agrees.

Lists: every ``*.txt`` of the folder named by ``PREAU_LISTS``, else generated ones of the size
of EasyList and EasyPrivacy. The list that Préau ships and 2,000 rules on parameters are added.
The independent engine is npm's ``@ghostery/adblocker``, where ``PREAU_NODE`` names a folder
with it in ``node_modules``; without it that part is left out and says so.

Times are processor time. A decision is everything: type, page and party from the headers,
the URL against the lists, and the parameters against the rules that strip them.
"""

from __future__ import annotations

import argparse
import json
import linecache
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.blocking_requests import Ask, asks, generated_list, parameter_list
from benchmarks.blocking_swap import measure
from proxy.blocking import (
    Block,
    Blocker,
    ListFile,
    RequestType,
    build,
    build_in_subprocess,
    discover,
    facts_of,
)
from proxy.blocking import cache as cache_file
from proxy.blocking.rules import Use, abp_line

ROOT = Path(__file__).parents[1]
PROXIED_MS = 3.41
"""Processor time of a proxied request (docs/performance.md, the run to go by)."""


def lists_of(scratch: Path) -> list[ListFile]:
    """The lists under test; the shared ones are the last."""
    given = os.environ.get("PREAU_LISTS", "")
    if given:
        shared = discover(Path(given), Path(given))
    else:
        path = scratch / "generated.txt"
        path.write_text(generated_list())
        shared = [ListFile("generated", path, "generated.txt")]
    params = scratch / "parameters.txt"
    params.write_text(parameter_list())
    own = ROOT / "policies" / "lists" / "block" / "preau.txt"
    return [
        ListFile("preau", own, "preau.txt"),
        ListFile("parameters", params, "parameters.txt"),
        *shared,
    ]


MEMORY = """
import sys
from pathlib import Path
import proxy.runtime
from proxy.blocking import Blocker, RequestType
from proxy.blocking import cache
def rss():
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return {row.split(":")[0]: int(row.split()[1]) for row in rows[1:]}
before = rss()
blocker = Blocker(cache.load(Path(sys.argv[1])))
for n in range(20000):
    blocker.check(f"https://h{n % 900}.example/a/b{n}.js?q={n}", "p.example", RequestType.SCRIPT)
after = rss()
mapped = Path(sys.argv[1]).stat().st_size
print((after["Anonymous"] - before["Anonymous"]) / 1024, mapped / 2**20)
"""


def load_and_memory(path: Path) -> None:
    """Loading from the cache, and what a worker's memory grows by."""
    best = 9.0
    for _ in range(5):
        started = time.process_time()
        compiled = cache_file.load(path)
        if compiled is None:
            raise SystemExit("the cache cannot be read back")
        Blocker(compiled)
        best = min(best, time.process_time() - started)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    private, mapped = map(float, done.stdout.split())
    print(f"load from cache      {best * 1e3:8.1f} ms    (aim ≤ 200)")
    print(f"memory a worker      {private:8.1f} MiB   private, after 20,000 decisions (aim ≤ 100)")
    print(f"cache file           {mapped:8.1f} MiB   mapped, shared by the workers")


def decide(blocker: Blocker, ask: Ask) -> bool:
    """One decision, as the gateway makes it."""
    facts = facts_of(ask.method, ask.host, ask.target, ask.headers)
    if blocker.check(ask.url, facts.source, facts.type, facts.top_level) is not None:
        return True
    if "?" in ask.target:
        blocker.strip(ask.url, facts)
    return False


def speed(blocker: Blocker, requests: list[Ask]) -> None:
    """Decisions a second, of new URLs and of URLs seen before."""
    known = requests[:5_000]
    blocked = sum(decide(blocker, ask) for ask in known)
    best = 9.0
    for _ in range(5):
        started = time.process_time()
        for ask in known:
            decide(blocker, ask)
        best = min(best, (time.process_time() - started) / len(known))
    for ask in requests[5_000:15_000]:  # the engine makes its expressions when first needed
        decide(blocker, ask)
    fresh = requests[15_000:]
    started = time.process_time()
    for ask in fresh:
        decide(blocker, ask)
    cold = (time.process_time() - started) / len(fresh)
    share = blocked / len(known)
    print(f"decisions, known URL {1 / best / 1e3:8.0f} k/s   {best * 1e6:.1f} µs (aim ≥ 80 k/s)")
    print(f"decisions, new URL   {1 / cold / 1e3:8.0f} k/s   {cold * 1e6:.1f} µs")
    print(f"of a proxied request {cold * 1e3 / PROXIED_MS:8.2%}       (aim ≤ 2 %)")
    print(f"blocked              {share:8.1%}")


RULES = b"""
rules:
  - {rule: night, who: {groups: pupils}, when: night, hosts: "*.play.example", treatment: deny}
  - {rule: widget, who: {groups: staff}, hosts: widget.example, blocking: off}
  - {rule: open, hosts: "*.open.example", blocking: off}
"""
CALENDAR = b"schedules: {night: {slots: [{from: 22:00, to: 06:00}]}}"


def by_who_and_when(blocker: Blocker, requests: list[Ask]) -> None:
    """The whole decision, as ``Engine.begin`` asks for it: rules by group and hour, then lists."""
    from proxy.engine.decide import View, decide_url
    from proxy.policy.policy import load_policy
    from proxy.timetable import Person
    from proxy.timetable.reading import read_timetable

    policy = load_policy(ROOT / "policies")
    sources = {"calendar.yaml": CALENDAR, "rules.yaml": RULES}
    timetable = read_timetable(sources, policy.services).timetable
    person, known = Person("S", "pupils"), requests[:5_000]
    best = 9.0
    for _ in range(6):
        started = time.process_time()
        for ask in known:
            view = View(policy, blocker, timetable.sheet(person, time.time()))
            facts = facts_of(ask.method, ask.host, ask.target, ask.headers)
            decide_url(view, ask.host, ask.url, facts)
        best = min(best, (time.process_time() - started) / len(known))
    print(f"by who and when      {1 / best / 1e3:8.0f} k/s   {best * 1e6:.1f} µs (aim ≥ 80 k/s)")


def agreement(lists: list[ListFile], requests: list[Ask], show: int) -> None:
    """The same questions to an engine that shares no code with ours."""
    folder = os.environ.get("PREAU_NODE", "")
    if not folder:
        print("agreement is left out: PREAU_NODE names no folder with @ghostery/adblocker")
        return
    shared = [source for source in lists if source.name not in ("preau", "parameters")]
    blocker = build(shared)
    rows = [(ask.url, ask.page, ask.kind) for ask in requests if ask.kind != "document"]
    done = subprocess.run(
        ["node", str(ROOT / "benchmarks" / "blocking_oracle.cjs"), folder]
        + [str(source.path) for source in shared],
        input=json.dumps([(url, page, _GHOSTERY.get(kind, kind)) for url, page, kind in rows]),
        capture_output=True,
        text=True,
        check=True,
    )
    reasons: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    both = 0
    for (url, page, kind), (theirs, rule, exception) in zip(
        rows, json.loads(done.stdout), strict=True
    ):
        hit = blocker.check(url, page, RequestType(kind))
        both += bool(hit) and theirs
        if bool(hit) == theirs:
            continue
        why = explain(_as_written(hit, shared), rule, exception)
        reasons[why] += 1
        shown[why] += 1
        if shown[why] <= show:
            print(f"  {why}: {kind} {url} on {page}: ours {hit}, theirs {rule!r} {exception!r}")
    same = 1 - reasons.total() / len(rows)
    print(f"agreement            {same:8.3%}       of {len(rows):,} requests, {both:,} blocked")
    for why, count in reasons.most_common():
        print(f"  {count:5d} × {why}")


_GHOSTERY = {"subdocument": "sub_frame", "csp_report": "cspReport"}


def _as_written(hit: Block | None, lists: list[ListFile]) -> str:
    """The line of the rule that spoke: ours reads ``$rewrite`` as ``$redirect``."""
    path = next((source.path for source in lists if hit and source.path.name == hit.file), None)
    return linecache.getline(str(path), hit.line) if hit and path else ""


def explain(ours: str, theirs: str, exception: str) -> str:
    """The reason of a disagreement, by the rules that spoke."""
    if theirs and not ours:
        line = abp_line(theirs)
        if line.use is Use.IGNORED:
            return f"we count this rule as ignored: {line.text}"
        return "their rule blocks, ours does not match"
    if exception:
        return "their exception spares, ours does not match"
    if "rewrite=abp-resource:" in ours:
        return "explained: Adblock Plus' $rewrite, a stand-in to us, is unknown to the other engine"
    return "our rule blocks, theirs does not match"


def hostile() -> int:
    """Two million-rule lists: whole hosts, and rules all alike with wildcards."""
    for name, line in (("hosts", "||w{}.example^"), ("alike", "/ads/*w{}*")):
        with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
            path = Path(scratch) / f"{name}.txt"
            path.write_text("! x\n" + "\n".join(line.format(n) for n in range(10**6)))
            started = time.perf_counter()
            bundle = build_in_subprocess([ListFile(name, path, path.name)], Path(scratch) / "cache")
            built = time.perf_counter() - started
            compiled = cache_file.load(bundle)
            if compiled is None:
                raise SystemExit("the cache cannot be read back")
            blocker = Blocker(compiled)
            started = time.process_time()
            for n in range(2_000):
                url = f"https://h{n}.example/ads/abc{n}.js"
                blocker.check(url, "p.example", RequestType.SCRIPT)
            cost = (time.process_time() - started) / 2_000 * 1e6
            (report,) = blocker.reports
            print(
                f"10⁶ rules, {name}: compiled apart in {built:.0f} s, {report.rules:,} in force, "
                f"{cost:.0f} µs a new URL"
            )
    return 0


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocking")
    parser.add_argument("--requests", type=int, default=25_000)
    parser.add_argument("--show", type=int, default=3, help="examples of each disagreement")
    parser.add_argument("--hostile", action="store_true", help="a list of a million rules instead")
    parser.add_argument("--swaps", type=int, default=0, help="swap lists that often instead")
    args = parser.parse_args()
    if args.hostile:
        return hostile()
    if args.swaps:
        with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
            measure(args.swaps, lists_of(Path(scratch)))
        return 0
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        lists = lists_of(Path(scratch))
        started = time.perf_counter()
        path = build_in_subprocess(lists, Path(scratch) / "cache")
        print(f"compiled apart in    {time.perf_counter() - started:8.1f} s")
        compiled = cache_file.load(path)
        if compiled is None:
            raise SystemExit("the cache cannot be read back")
        blocker = Blocker(compiled)
        for report in blocker.reports:
            ignored = sum(report.ignored.values())
            print(f"  {report.name:<12} {report.rules:>7,} rules, {ignored:>6,} lines ignored")
        rules = [
            line
            for source in lists
            if source.name not in ("preau", "parameters")
            for line in source.path.read_text("utf-8").split("\n")
        ]
        requests = asks(rules, args.requests, random.Random(5))
        load_and_memory(path)
        speed(blocker, requests)
        by_who_and_when(blocker, requests)
        agreement(lists, requests, args.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
