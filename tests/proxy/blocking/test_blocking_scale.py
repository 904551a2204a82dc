"""Real lists (``PREAU_TEST_LISTS``, a folder) or generated ones of their size."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from proxy.blocking import Blocker, ListFile, RequestType, build, build_in_subprocess, discover
from proxy.blocking import cache as cache_module

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> list[ListFile]:
    given = os.environ.get("PREAU_TEST_LISTS", "")
    if given:
        return discover(Path(given))
    path = tmp_path_factory.mktemp("lists") / "big.txt"
    rng = random.Random(5)

    def word() -> str:
        return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 12)))

    rules = [f"||{word()}.{word()}.example^" for _ in range(90_000)]
    rules += [f"||{word()}.example^$third-party" for _ in range(6_000)]
    rules += [f"/{word()}/{word()}.$script,third-party" for _ in range(12_000)]
    rules += [f"@@||{word()}.example/{word()}$script" for _ in range(1_500)]
    rules += [f"{word()}.example##.{word()}" for _ in range(24_000)]
    path.write_text("! Title: big\n" + "\n".join(rules))
    return [ListFile("big", path, "lists/block/big.txt")]


@pytest.mark.long
def test_a_large_list_loads_fast_and_decides_fast(lists: list[ListFile], tmp_path: Path):
    start = time.perf_counter()
    path = build_in_subprocess(lists, tmp_path)
    built = time.perf_counter() - start
    start = time.perf_counter()
    compiled = cache_module.load(path)
    assert compiled is not None
    blocker = Blocker(compiled)
    loaded = time.perf_counter() - start
    rng = random.Random(6)
    words = ["ads", "app", "track", "lesson", "static", "pixel", "api", "v1", "main", "cdn"]
    urls = [
        f"https://{rng.choice(words)}.{rng.choice(words)}{rng.randint(1, 400)}.example/"
        f"{rng.choice(words)}/{rng.choice(words)}{n}.js?x={n}"
        for n in range(5_000)
    ]
    blocker.check(urls[0], "page.example", RequestType.SCRIPT)
    start = time.perf_counter()
    for url in urls:
        blocker.check(url, "page.example", RequestType.SCRIPT)
    cold = (time.perf_counter() - start) / len(urls) * 1e6
    start = time.perf_counter()
    for url in urls:
        blocker.check(url, "page.example", RequestType.SCRIPT)
    warm = (time.perf_counter() - start) / len(urls) * 1e6
    print(
        f"\nrules {sum(r.rules for r in blocker.reports)}, built in {built:.2f} s, cache"
        f" {path.stat().st_size / 1e6:.1f} MB, loaded in {loaded * 1e3:.0f} ms,"
        f" {cold:.1f} µs a new URL, {warm:.2f} µs a known one"
    )
    assert loaded < 1.0  # generous: the machine may be busy; the figure is printed
    assert cold < 200
    assert warm < cold


def test_every_whole_host_rule_of_a_list_decides_and_names_a_line(lists: list[ListFile]):
    from proxy.blocking.rules import Use, abp_line

    blocker = build(lists)
    content = {source.file: source.path.read_text().split("\n") for source in lists}
    rows = [
        abp_line(text)
        for texts in content.values()
        for text in random.Random(1).sample(texts, 2000)
    ]
    hosts = [row.host for row in rows if row.use is Use.HOST_BLOCK]
    assert len(hosts) > 500
    for host in hosts:
        hit = blocker.check(f"https://{host}/", "page.test", RequestType.IMAGE)
        if hit is not None:  # an exception may spare it
            assert content[hit.file][hit.line - 1].strip() == hit.rule or hit.rule[2:-1] in host
    spared = [
        h for h in hosts if not blocker.check(f"https://{h}/", "page.test", RequestType.IMAGE)
    ]
    assert len(spared) < len(hosts) / 100


@pytest.mark.parametrize(
    "rule",
    [
        "*a" * 31 + "b",
        "*a" * 2000 + "b",
        "^a" * 31 + "b",
        "/(a{1,1000}){1,1000}x/",
        "/((a{1,100}){1,100}){1,100}b/",
        "/(a|aa)+b/",
        "/(a+)+b/",
        "/" + "(a|b)*c" * 300 + "/",
    ],
    ids=lambda rule: rule[:20],
)
def test_no_hostile_rule_makes_a_decision_slow(rule: str, tmp_path: Path):
    path = tmp_path / "hostile.txt"
    path.write_text("! x\n" + rule + "\n")
    blocker = build([ListFile("hostile", path, "hostile.txt")])
    worst = 0.0
    for size in (2_000, 60_000):
        start = time.perf_counter()
        blocker.check(f"https://x.test/{'a' * size}!", "page.test", RequestType.SCRIPT)
        worst = max(worst, time.perf_counter() - start)
    assert worst < 0.5  # 0.03 s when the machine is idle: the first use compiles the rule
