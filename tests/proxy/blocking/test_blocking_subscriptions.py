from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import io
import os
import signal
import ssl
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from list_server import ListServer, serving

from proxy.blocking import Category, RequestType, build
from proxy.blocking.subscriptions import (
    Format,
    Outcome,
    Shelf,
    State,
    Subscription,
    read_subscriptions,
    site_lists,
    update,
)
from proxy.blocking.subscriptions.fetch import Way
from proxy.errors import InputError

DIRECT = Way("direct", stall=5)
GOOD = b"! Title: t\n! Expires: 2 days\n! Licence: CC BY-SA 3.0\n" + b"".join(
    b"||t%d.example^\n" % n for n in range(100)
)


@pytest.fixture
def server() -> Iterator[ListServer]:
    with serving(ListServer({"list.txt": GOOD})) as running:
        yield running


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "state")
    made.folder.mkdir(parents=True)
    return made


def subscription(server: ListServer, path: str = "list.txt", **more: object) -> Subscription:
    return Subscription.model_validate({"name": "mine", "url": server.url + path, **more})


def fetch(one: Subscription, shelf: Shelf, way: Way = DIRECT, **more: object) -> Outcome:
    return update(one, shelf, way, force=True, **more)  # type: ignore[arg-type] # test options


def test_a_list_is_taken_then_asked_for_with_its_validators(server, shelf):
    one = subscription(server)
    first = fetch(one, shelf)
    assert (first.state, first.rules, len(first.digest)) == (State.UPDATED, 100, 16)
    assert shelf.path("mine").read_bytes() == GOOD
    again = fetch(one, shelf)
    assert (again.state, again.rules) == (State.UNCHANGED, 100)
    headers = server.seen[1][1]
    assert headers["if-none-match"].startswith('"')
    assert headers["if-modified-since"] == "Tue, 14 Jul 2026 09:53:00 GMT"
    assert "cookie" not in headers
    assert "referer" not in headers
    server.files["list.txt"] = GOOD + b"||new.example^\n"
    third = fetch(one, shelf)
    assert (third.state, third.rules, third.before) == (State.UPDATED, 101, 100)
    slip = shelf.slip(one)
    assert (slip.hours, slip.licence) == (48, "CC BY-SA 3.0")


def test_it_is_not_asked_for_before_it_is_due(server, shelf):
    one = subscription(server)
    assert update(one, shelf, DIRECT).state is State.UPDATED
    assert update(one, shelf, DIRECT).state is State.NOT_DUE
    assert len(server.seen) == 1
    slip = shelf.slip(one)
    shelf.note(one, dataclasses.replace(slip, taken=time.time() - 49 * 3600))  # Expires: 2 days
    assert update(one, shelf, DIRECT).state is State.UNCHANGED
    assert len(server.seen) == 2


BOMB = gzip.compress(b"0" * (8 << 20))
BAD: list[tuple[bytes, str]] = [
    (b"! x\n" + b"".join(b"||t%d.example^\n" % n for n in range(49)), "more than half is gone"),
    (b"<!DOCTYPE html><title>Portail</title>", "web page"),
    (b"", "no rule"),
    (b"! Title: only words\n", "no rule"),
    (b"\0\1\2" * 99, "not text"),
    (BOMB, "unpacks to more than max_size"),
    (gzip.compress(GOOD)[:-9], "damaged or incomplete"),
    (b"PK\x03\x04" + b"x" * 99, "zip"),
    (b"0.0.0.0 a.example\n" * 60 + b"what is this\n" * 400, "does not parse"),
    (b"x" * (2 << 20), "max_size"),
    (b"! Checksum: AAAAAAAAAAAAAAAAAAAAAA\n" + GOOD, "checksum"),
]


@pytest.mark.parametrize(("body", "why"), BAD, ids=[why[:12] for _, why in BAD])
def test_what_must_not_be_taken_is_not_and_the_last_good_one_stays(server, shelf, body, why):
    one = subscription(server, max_size="1 MiB")
    assert fetch(one, shelf).state is State.UPDATED
    server.files["list.txt"] = body
    outcome = fetch(one, shelf)
    assert outcome.state in (State.REJECTED, State.FAILED)
    assert why in outcome.detail
    assert shelf.path("mine").read_bytes() == GOOD
    assert why in shelf.slip(one).problem
    assert update(one, shelf, DIRECT).state is State.NOT_DUE  # and not hammered either
    server.files["list.txt"] = GOOD + b"||back.example^\n"
    assert fetch(one, shelf).state is State.UPDATED
    assert shelf.slip(one).problem == ""


def test_a_shrunk_list_is_taken_when_a_person_says_so(server, shelf):
    one = subscription(server)
    fetch(one, shelf)
    server.files["list.txt"] = BAD[0][0]
    assert fetch(one, shelf, even_if_smaller=True).rules == 49
    shelf.path("mine").write_bytes(GOOD)  # the slip no longer fits: it is counted anew
    assert fetch(one, shelf).state is State.REJECTED


def test_a_checksum_that_fits_is_no_obstacle(server, shelf):
    digest = base64.b64encode(hashlib.md5(GOOD).digest()).rstrip(b"=")
    server.files["list.txt"] = b"! Checksum: " + digest + b"\r\n" + GOOD.replace(b"\n", b"\r\n")
    assert fetch(subscription(server), shelf).state is State.UPDATED


def test_a_pinned_file_is_that_very_file(server, shelf):
    one = subscription(server, sha256=hashlib.sha256(GOOD).hexdigest())
    assert fetch(one, shelf).state is State.UPDATED
    server.files["list.txt"] = GOOD + b"\n"
    assert "SHA-256" in fetch(one, shelf).detail


def test_a_file_cut_short_is_not_taken(server, shelf):
    server.cut = 300
    outcome = fetch(subscription(server), shelf)
    assert outcome.state is State.FAILED
    assert "cut short" in outcome.detail
    assert not shelf.path("mine").exists()


def test_without_network_the_last_good_one_stays_through_a_restart(tmp_path, shelf):
    with serving(ListServer({"list.txt": GOOD})) as server:
        one = subscription(server)
        fetch(one, shelf)
    outcome = fetch(one, Shelf(tmp_path / "state"))
    assert (outcome.state, outcome.detail) == (State.FAILED, "connection refused")
    (tmp_path / "lists").mkdir()
    text = f"subscriptions: [{{name: mine, url: '{one.url}', category: social}}]\n"
    (tmp_path / "lists" / "subscriptions.yaml").write_text(text)
    (source,) = site_lists(tmp_path, tmp_path / "state")
    hit = build([source]).check("https://t5.example/", "p.example", RequestType.IMAGE)
    assert (hit.list, hit.file, hit.line, hit.category) == (
        "mine", "subscribed/mine.txt", 9, Category.SOCIAL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "why"), [(500, "answered 500"), (404, "answered 404"), (403, "answered 403")]
)
def test_errors_of_servers_are_said(server, shelf, status, why):
    server.statuses["list.txt"] = status
    assert why in fetch(subscription(server), shelf).detail


def test_redirects_are_followed_but_not_to_files_or_round_and_round(server, shelf):
    server.moved = {"a": "/list.txt", "b": "file:///etc/passwd", "c": "/c"}
    assert fetch(subscription(server, "a"), shelf).state is State.UPDATED
    assert fetch(subscription(server, "b"), shelf).state is State.FAILED
    assert fetch(subscription(server, "c"), shelf).state is State.FAILED


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[ListServer, Way]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(pem)
    with serving(ListServer({"list.txt": GOOD}), context) as running:
        yield running, Way("direct", pem, stall=5)


def test_certificates_are_verified_and_the_sites_own_authority_counts(tls, server, shelf):
    running, way = tls
    one = subscription(running)
    assert "not trusted" in fetch(one, shelf).detail
    assert fetch(one, shelf, way).state is State.UPDATED
    running.moved["down"] = server.url + "list.txt"
    assert "unprotected" in fetch(subscription(running, "down"), shelf, way).detail


def test_the_way_out_is_the_sites_own_proxy(tls, server, shelf):
    running, way = tls
    through = Way(f"http://127.0.0.1:{server.port}", way.authorities, stall=5)
    assert fetch(subscription(running), shelf, through).state is State.UPDATED
    assert server.tunnels == [f"localhost:{running.port}"]
    plain = fetch(subscription(server), shelf, through)  # http: the proxy gets the whole address
    assert plain.state in (State.UPDATED, State.UNCHANGED)
    assert server.seen


def test_a_mirror_is_a_folder_an_address_or_a_file(server, shelf, tmp_path):
    one = subscription(server, "upstream-name.txt")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    assert fetch(one, shelf, source=str(mirror)).state is State.FAILED
    (mirror / "upstream-name.txt").write_bytes(GOOD)
    assert fetch(one, shelf, source=str(mirror)).state is State.UPDATED
    server.files["m/mine.txt"] = GOOD + b"||x.example^\n"
    assert fetch(one, shelf, source=server.url + "m/").rules == 101
    assert fetch(one, shelf, source=str(mirror / "upstream-name.txt")).rules == 100


# --- category archives ---


def archive(*entries: tuple[str, bytes | None], link: tuple[str, str] = ("", "")) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in entries:
            member = tarfile.TarInfo(name)
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
        if link[0]:
            member = tarfile.TarInfo(link[0])
            member.type, member.linkname = tarfile.SYMTYPE, link[1]
            tar.addfile(member)
    return data.getvalue()


UT1 = archive(
    ("blacklists/publicite/domains", b"ad.example\nads.example\n192.0.2.7\n"),
    ("blacklists/publicite/urls", b"mixed.example/ads\n"),
    ("blacklists/adult/domains", b"x.example\n"),
    link=("blacklists/ads", "publicite"),
)


def ut1(server: ListServer, *categories: str) -> Subscription:
    return subscription(server, "b.tar.gz", format="ut1", categories=categories, max_size="1 MiB")


def test_an_archive_gives_the_categories_that_were_asked_for(server, shelf):
    server.files["b.tar.gz"] = UT1
    one = ut1(server, "publicite")
    assert fetch(one, shelf).rules == 3
    assert sorted(p.name for p in shelf.folder.glob("*.txt")) == ["mine-publicite.txt"]
    (source,) = [s for s in _lists(shelf, one) if s.name == "mine-publicite"]
    blocker = build([source])
    assert blocker.check_host("www.ad.example")
    assert blocker.check("https://mixed.example/ads/1", "", RequestType.DOCUMENT, top_level=True)
    assert not blocker.check("https://mixed.example/", "", RequestType.DOCUMENT, top_level=True)
    assert not blocker.check_host("x.example")


def _lists(shelf: Shelf, one: Subscription) -> list:
    from proxy.blocking.subscriptions import Subscriptions

    return shelf.lists(Subscriptions(subscriptions=(one,)))


def test_another_name_and_a_missing_category_are_said(server, shelf):
    server.files["b.tar.gz"] = UT1
    assert "only another name for publicite" in fetch(ut1(server, "ads"), shelf).detail
    assert "no category nothing" in fetch(ut1(server, "nothing"), shelf).detail


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (archive(("../../publicite/domains", b"a.example\n")), "outside"),
        (archive(("/etc/publicite/domains", b"a.example\n")), "outside"),
        (archive(("b/publicite/domains", b"a.example\n" * 200_000)), "larger than max_size"),
        (archive(("b/other/domains", b"0" * (12 << 20))), "unpacks to more"),
        (archive(*((f"b/c{n}/domains", b"") for n in range(5_100))), "entries"),
        (archive(link=("blacklists/publicite/domains", "/etc/passwd")), "no category"),
        (archive(link=("blacklists/publicite", "../../../etc")), "only another name"),
        (gzip.compress(b"\0" * (64 << 20)), "no category"),
        (UT1[: len(UT1) // 2], "damaged"),
        (b"\x1f\x8bnonsense", "damaged"),
        (b"", "damaged"),
    ],
)
def test_no_archive_escapes_or_explodes(server, shelf, tmp_path, data, why):
    server.files["b.tar.gz"] = data
    before = sorted(tmp_path.rglob("*"))
    outcome = fetch(ut1(server, "publicite"), shelf)
    assert outcome.state is State.REJECTED
    assert why in outcome.detail
    left = [p for p in sorted(tmp_path.rglob("*")) if p not in before]
    assert [p.name for p in left] == ["mine.json"]


def test_cname_targets_are_a_table_of_their_own(server, shelf):
    server.files["c.txt"] = b"# NextDNS\n\neulerian.net\n||at-o.net^\n*.2o7.net\n"
    one = subscription(server, "c.txt", format="cname")
    assert fetch(one, shelf).rules == 3
    blocker = build(_lists(shelf, one))
    assert blocker.cname_target("x.eulerian.net.").line == 3
    assert blocker.cname_target("at-o.net")
    assert blocker.cname_target("example.net") is None
    assert blocker.check_host("eulerian.net") is None


# --- the middle of an update ---

KILLED = """
import os, sys
from pathlib import Path
from proxy.blocking.subscriptions import Shelf, Subscription, update
from proxy.blocking.subscriptions.fetch import Way
shelf = Shelf(Path(sys.argv[1]))
real, calls = os.replace, []
def replace(*args):
    calls.append(args)
    if len(calls) > int(sys.argv[3]):
        os.kill(os.getpid(), 9)
    real(*args)
os.replace = replace
with shelf.locked():
    update(Subscription(name="mine", url=sys.argv[2]), shelf, Way("direct"), force=True)
"""


@pytest.mark.parametrize("done", [0, 1])
def test_a_kill_in_the_middle_leaves_the_old_list_or_the_new_one(server, shelf, tmp_path, done):
    one = subscription(server)
    fetch(one, shelf)
    new = GOOD + b"||new.example^\n"
    server.files["list.txt"] = new
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "state"), one.url, str(done)],
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert killed.returncode == -signal.SIGKILL
    assert shelf.path("mine").read_bytes() == (new if done else GOOD)
    assert list(shelf.folder.glob("*.part"))
    with shelf.locked():
        assert not list(shelf.folder.glob("*.part"))
        assert fetch(one, shelf).rules == 101
    assert shelf.path("mine").read_bytes() == new


def test_two_updates_do_not_meet(shelf, tmp_path):
    with shelf.locked(), pytest.raises(InputError, match="another update"):
        with Shelf(tmp_path / "state").locked():
            pass


# --- the file ---


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("subscriptions: [{name: a, url: 'ftp://x/'}]", 1, "expected an address"),
        ("subscriptions:\n  - {name: a, url: 'https://x/', formt: hosts}", 2, "unknown key"),
        ("subscriptions:\n  - {name: A B, url: 'https://x/'}", 2, "name"),
        (
            "subscriptions:\n  - {name: a, url: 'https://x/'}\n  - {name: a, url: 'https://y/'}",
            3,
            "already",
        ),
        ("subscriptions:\n  - {name: a, url: 'https://x/', format: ut1}", 2, "no categories"),
        ("subscriptions:\n  - {name: a, url: 'https://x/', categories: [b]}", 2, "ut1"),
        ("proxy: http://me:secret@p:3128", 1, "password"),
    ],
)
def test_mistakes_in_the_file_are_said_by_line(tmp_path, text, line, why):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "subscriptions.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_subscriptions(tmp_path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"lists/subscriptions.yaml:{line}:")
    assert why in problem
    assert "secret" not in problem


def test_the_shipped_file_has_the_promised_lists_and_opts_out_of_ut1():
    shipped = read_subscriptions(Path(__file__).parents[3] / "policies")
    assert {one.name for one in shipped.active()} >= {
        "easylist", "easyprivacy", "french", "url-parameters", "cname-nextdns",
    }  # fmt: skip
    (toulouse,) = [one for one in shipped.subscriptions if one.format is Format.UT1]
    assert not toulouse.enabled
    assert not set(toulouse.categories) & {"examen_pix", "tricheur_pix", "liste_bu"}
    assert all(one.licence and one.url.startswith("https://") for one in shipped.subscriptions)
