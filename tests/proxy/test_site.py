"""A site's settings: defaults, environment, networks, and mistakes told by line."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.policy.model import Treatment
from proxy.site import ENVIRONMENT, Address, Client, Networks, load_site


def write(root: Path, text: str) -> Path:
    (root / "site.yaml").write_text(text)
    return root


def problems(root: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_site(write(root, text), environ or {})
    return list(caught.value.problems)


def test_a_bare_site_is_closed_and_local(tmp_path: Path) -> None:
    site = load_site(write(tmp_path, "site: Test\n"), {})
    assert (site.unknown_service, site.unidentified) == (Treatment.DENY, Treatment.DENY)
    assert site.require_charter
    assert (str(site.listen), str(site.status)) == ("127.0.0.1:8080", "127.0.0.1:9090")
    assert site.state_dir == tmp_path / "state"
    assert site.keys_dir == tmp_path / "state" / "keys"
    assert site.store_url == f"sqlite:{tmp_path}/state/preau.db"
    assert site.limits.body == 16 * 1024 * 1024
    assert site.client_of("192.0.2.1") == Client("", "guest")
    assert site.upstream_ca is None
    assert not site.state_dir.exists()


def test_the_environment_wins(tmp_path: Path) -> None:
    text = "site: T\npaths: {state: s, audit: a}\nlisten: 127.0.0.1:1\nupstream_ca: x.pem\n"
    environ = {
        "PREAU_STATE": "/var/lib/preau",
        "PREAU_KEYS": "/etc/keys",
        "PREAU_STORE_URL": "rediss://:secret@h:6379/0",
        "PREAU_LISTEN": "[::]:3128",
        "PREAU_UPSTREAM_CA": "/etc/ca.pem",
    }
    site = load_site(write(tmp_path, text), environ)
    assert site.state_dir == Path("/var/lib/preau")
    assert site.ca_dir == Path("/var/lib/preau/ca")
    assert site.audit_dir == tmp_path / "a"
    assert site.keys_dir == Path("/etc/keys")
    assert site.listen == Address("::", 3128)
    assert site.upstream_ca == Path("/etc/ca.pem")
    assert site.store_url == "rediss://:secret@h:6379/0"
    assert "secret" not in repr(site)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sqlite:x.db", "sqlite:{root}/x.db"),
        ("sqlite:/var/x.db", "sqlite:/var/x.db"),
        ("sqlite:///var/x.db", "sqlite:/var/x.db"),
        ("sqlite:////var/x.db", "sqlite:/var/x.db"),
        ("redis://h:1/2?prefix=p", "redis://h:1/2?prefix=p"),
    ],
)
def test_every_process_opens_the_same_store(tmp_path: Path, written: str, expected: str) -> None:
    site = load_site(write(tmp_path, f"site: T\nstore: {written}\n"), {})
    assert site.store_url == expected.format(root=tmp_path)


def test_every_override_is_documented() -> None:
    import proxy.site

    for name in ENVIRONMENT:
        assert f"| {name} " in (proxy.site.__doc__ or "")


def test_a_wrong_override_is_a_problem_of_the_environment(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "site: T\n", {"PREAU_LISTEN": "somewhere"})
    assert problem.startswith("environment PREAU_LISTEN:")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("langage: fr", "2:1: unknown key 'langage', did you mean 'language'?"),
        ("language: de", "2:11: language: unknown value 'de', expected one of: en, fr"),
        ("unknown_service: inspect", "2:18: unknown_service: unknown value 'inspect'"),
        ("networks: [{network: 10.0.0.1/8, school: A, group: pupils}]", "did you mean 10.0.0.0/8?"),
        (
            "networks: [{network: ten, school: A, group: pupils}]",
            "2:22: network: expected a network",
        ),
        ("networks: [{network: 10.0.0.0/8, school: A, group: pupil}]", "did you mean 'pupils'?"),
        ("networks: {}", "2:11: networks: expected a list"),
        ("listen: 8080", "2:9: listen: expected an address"),
        ("listen: ::1:80", "2:9: listen: expected an address"),
        ("listen: 127.0.0.1:70000", "2:9: listen: expected an address"),
        ("store: redis://:pw@host/0", "2:8: store: a password stands in this file"),
        ("store: mysql://x", "2:8: store: expected sqlite"),
        ("limits: {body: much}", "2:16: body: expected a size such as '16 MiB'"),
        ("limits: {body: 0}", "2:16: body: "),
        ("limits: {nesting: many}", "2:19: nesting: expected a whole number"),
        ("school_domains: [school]", "2:18: school_domains: expected a domain name"),
        ("require_charter: perhaps", "2:18: require_charter: expected true or false"),
        ("contact: {address: nowhere}", "2:20: address: expected an e-mail address or a URL"),
        ("audit: 3", "2:8: audit: expected indented"),
        ("site: Again", "2:1: the key 'site' stands twice here (first at line 1)"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, line: str, expected: str) -> None:
    found = problems(tmp_path, f"site: T\n{line}\n")
    assert len(found) == 1
    assert expected in found[0]


def test_a_network_that_stands_twice_is_told(tmp_path: Path) -> None:
    lines = "- {network: 10.0.0.0/8, school: A, group: pupils}\n" * 2
    (problem,) = problems(tmp_path, f"site: T\nnetworks:\n{lines}")
    assert problem.startswith("site.yaml:4:13: network 10.0.0.0/8 stands twice (first at line 3)")


def test_an_absent_or_empty_site_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_site(tmp_path / "absent", {})
    assert "preau init" in str(caught.value)
    assert problems(tmp_path, "# nothing\n") == [
        "site.yaml:1:1: the key 'site' is missing or empty here"
    ]


def test_a_problem_never_shows_a_secret(tmp_path: Path) -> None:
    found = problems(tmp_path, "site: T\nstore: redis://user:hunter2@h/0\nlimits: hunter2\n")
    assert "hunter2" not in "\n".join(found)


@pytest.mark.parametrize(
    ("address", "school"),
    [
        ("10.1.2.3", "wide"),
        ("10.1.9.1", "deep"),
        ("::ffff:10.1.9.1", "deep"),
        ("fd00:1::5", "six"),
        ("fe80::1%eth0", "link"),
        ("11.0.0.1", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_clients_by_address(address: str, school: str) -> None:
    networks = Networks(
        [
            ("10.0.0.0/8", Client("wide", "pupils")),
            ("10.1.9.0/24", Client("deep", "staff")),
            ("fd00:1::/32", Client("six", "pupils")),
            ("fe80::/10", Client("link", "staff")),
        ],
        Client("", "guest"),
    )
    assert networks.find(address).school == school


NETWORK = st.builds(
    lambda number, length: ipaddress.ip_network((number << 24 & 0xFFFFFFFF, length), strict=False),
    st.integers(0, 255),
    st.integers(0, 32),
)


@given(st.lists(NETWORK, max_size=12, unique=True), st.integers(0, 2**32 - 1))
def test_the_longest_prefix_wins_as_comparing_every_network_says(
    networks: list[ipaddress.IPv4Network], number: int
) -> None:
    address = ipaddress.ip_address(number)
    default = Client("", "guest")
    table = Networks([(str(n), Client(str(n), "pupils")) for n in networks], default)
    fitting = [n for n in networks if address in n]
    longest = max(fitting, key=lambda n: n.prefixlen, default=None)
    assert table.find(str(address)).school == (str(longest) if longest else "")


def test_four_thousand_networks_cost_a_look_up_no_more_than_forty() -> None:
    def cost(count: int) -> float:
        networks = [
            (f"10.{i // 16}.{i % 16 * 16}.0/20", Client(f"S{i}", "pupils")) for i in range(count)
        ]
        table = Networks(networks, Client("", "guest"))
        best = float("inf")
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(500):
                table.find("10.1.16.9")
            best = min(best, time.perf_counter() - started)
        return best

    assert cost(4_000) < 3 * cost(40)
