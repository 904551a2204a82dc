"""What the policy says of a host, who decided, and that every mistake is told at once."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.policy.hosts import HostTable, parse_never_inspect
from proxy.policy.model import Treatment
from proxy.policy.policy import Policy, load_policy, read_policy
from proxy.reasons import Reason

DEEP = ".*" * 17


def test_an_exact_host_beats_a_wildcard_and_the_longest_wildcard_wins(root, write_service) -> None:
    write_service("wide", '"*.example.com"', "tunnel")
    write_service("deep", '"*.b.example.com"', "deny")
    write_service("exact", "a.b.example.com")
    policy = load_policy(root, {})
    found = {h: policy.verdict(h) for h in ("x.example.com", "y.b.example.com", "A.b.EXAMPLE.com.")}
    assert [v.service and v.service.name for v in found.values()] == ["wide", "deep", "exact"]
    assert [v.treatment.value for v in found.values()] == ["tunnel", "deny", "inspect"]
    assert found["y.b.example.com"].reason == Reason.SERVICE_DENIED
    assert str(found["x.example.com"].ref) == "services/wide.yaml:7"


@pytest.mark.parametrize(
    "host", ["example.com", "badexample.com", "com", "", "x.example.org", "[::1]"]
)
def test_an_unknown_host_gets_the_sites_treatment(root, write_service, host: str) -> None:
    write_service("wide", '"*.example.com"')
    verdict = load_policy(root, {}).verdict(host)
    assert (verdict.treatment, verdict.service) == (Treatment.DENY, None)
    assert verdict.reason == Reason.UNKNOWN_SERVICE
    (root / "site.yaml").write_text("site: Test\n\nunknown_service: tunnel\n")
    verdict = load_policy(root, {}).verdict(host)
    assert (verdict.treatment, verdict.reason, str(verdict.ref)) == (
        Treatment.TUNNEL,
        "",
        "site.yaml:3",
    )


def test_a_supplier_that_has_not_adhered_is_denied_unless_the_site_says_otherwise(
    root, write_service
) -> None:
    write_service("no", "no.example.com", adhered="no")
    write_service("yes", "yes.example.com", adhered="true")
    write_service("maybe", "maybe.example.com", "tunnel", adhered="to-confirm")
    policy = load_policy(root, {})
    denied = policy.verdict("no.example.com")
    assert (denied.treatment, denied.reason) == (Treatment.DENY, Reason.CHARTER_NOT_ADHERED)
    assert str(denied.ref) == "services/no.yaml:5"
    assert policy.verdict("yes.example.com").treatment is Treatment.INSPECT
    assert policy.verdict("maybe.example.com").treatment is Treatment.TUNNEL
    assert not policy.services["maybe"].charter_adhered
    assert policy.services["maybe"].charter_to_confirm
    (root / "site.yaml").write_text("site: Test\nrequire_charter: false\n")
    assert load_policy(root, {}).verdict("no.example.com").treatment is Treatment.INSPECT


def test_never_inspect_beats_all_but_an_equally_precise_deny(root, write_service) -> None:
    (root / "lists" / "never-inspect.txt").write_text(
        "[banking]\n*.bank.example\nbank.example # a remark\n"
    )
    (root / "lists" / "never-inspect-ours.txt").write_text("deep.exact.example\n")
    write_service("inspected", "www.bank.example", "inspect", adhered="no")
    write_service("refused", "bank.example", "deny")
    write_service("broad", '"*.exact.example"', "deny")
    policy = load_policy(root, {})
    inspected = policy.verdict("www.bank.example")
    assert inspected.treatment is Treatment.TUNNEL
    assert inspected.service is policy.services["inspected"]
    assert (str(inspected.ref), inspected.ref.text) == (
        "lists/never-inspect.txt:2",
        "banking: *.bank.example",
    )
    assert policy.verdict("other.bank.example").treatment is Treatment.TUNNEL
    assert policy.verdict("bank.example").treatment is Treatment.DENY
    assert policy.verdict("deep.exact.example").treatment is Treatment.TUNNEL
    assert policy.verdict("other.exact.example").treatment is Treatment.DENY


LABELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(".".join)


@given(st.dictionaries(st.tuples(st.booleans(), LABELS), st.integers(), max_size=8), LABELS)
def test_a_host_table_finds_what_comparing_every_pattern_finds(written, host: str) -> None:
    table: HostTable[tuple[str, int]] = HostTable()
    for (wild, name), value in written.items():
        table.add(f"*.{name}" if wild else name, (name, value))
    exact = written.get((False, host))
    fitting = [n for wild, n in written if wild and host.endswith(f".{n}")]
    longest = max(fitting, key=len, default=None)
    expected = exact if exact is not None else written.get((True, longest))
    found = table.find(host)
    assert (found and found[1]) == expected


def test_every_mistake_of_every_file_is_told_at_once_with_its_place(root, write_service) -> None:
    (root / "site.yaml").write_text("site: Test\nunknown_servise: deny\n")
    write_service("one", "a.example.com", more="fields:\n- {at: a..b, is: emial}\n")
    write_service("two", "https://b.example.com/x", treatment="inspekt")
    write_service("three", "c.example.com", more="fields: [\n")
    (root / "lists" / "never-inspect.txt").write_text("# fine\nnot a host\n")
    reading = read_policy(root, {})
    assert reading.policy is None
    text = "\n".join(str(problem) for problem in sorted(reading.problems))
    for expected in (
        "lists/never-inspect.txt:2:1: expected a host such as",
        "services/one.yaml:9:8: at: not a field path, at character 3",
        "services/one.yaml:9:18: is: unknown value 'emial', did you mean 'email'?",
        "services/three.yaml:",
        "services/two.yaml:6:9: hosts: expected a host such as app.example.com",
        "services/two.yaml:7:12: treatment: unknown value 'inspekt', did you mean 'inspect'?",
        "site.yaml:2:1: unknown key 'unknown_servise', did you mean 'unknown_service'?",
    ):
        assert expected in text
    with pytest.raises(InputError) as caught:
        load_policy(root, {})
    assert len(caught.value.problems) == len(reading.problems)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "fields:\n- {at: a, is: email, why: x, wy: y}\n",
            "9:30: unknown key 'wy', did you mean 'why'?",
        ),
        ("fields:\n- {is: email}\n", "9:3: the key 'at' is missing"),
        (
            "fields:\n- {at: a, is: birth_date, do: generalise}\n",
            "9:3: fields: 'do: generalise' and 'to: …' go",
        ),
        (
            "fields:\n- {at: a, is: email, do: generalise, to: year}\n",
            "'to: year' is for a birth_date",
        ),
        ("fields:\n- {at: a, is: photo}\n", "a photo has no pseudonym"),
        ("requests:\n- match: FETCH it\n", "9:10: match: expected a method and a path"),
        ("requests:\n- {match: GET /a, path: {id: email}}\n", "path: {id} does not stand in match"),
        (
            "requests:\n- {match: 'GET /a/{id}', path: {id: mail}}\n",
            "unknown value 'mail', did you mean 'email'?",
        ),
        (
            "requests:\n- match: [GET /a, PUT /b]\n- match: POST|GET /a\n",
            "10:10: the same method and path stand twice (first at line 9)",
        ),
        ("requests:\n- match: []\n", "9:10: match: expected at least one"),
        (
            "requests:\n- {match: GET /a, querry: {}}\n",
            "unknown key 'querry', did you mean 'query'?",
        ),
        (
            f"fields:\n- {{at: 'a{DEEP}.x', is: email}}\n- {{at: '**.a{DEEP}.x', is: email}}\n",
            "8:1: these field rules need more than",
        ),
    ],
)
def test_mistakes_in_a_service_say_where_and_what(root, write_service, more, expected) -> None:
    write_service("one", "a.example.com", more=more)
    reading = read_policy(root, {})
    assert [p for p in reading.problems if expected in str(p)], reading.problems


def test_two_services_cannot_share_a_name_or_a_host(root, write_service) -> None:
    write_service("one", "a.example.com")
    path = write_service("two", "b.example.com, A.example.com")
    path.write_text(path.read_text().replace("service: two", "service: one"))
    text = "\n".join(map(str, read_policy(root, {}).problems))
    assert "services/two.yaml:1:10: another service has this name (services/one.yaml)" in text
    assert "services/two.yaml:6:24: a.example.com already belongs to one" in text


def test_the_digest_changes_with_any_byte_of_any_file(root, write_service) -> None:
    write_service("one", "a.example.com")
    digests = {load_policy(root, {}).digest}
    for file in ("site.yaml", "services/one.yaml", "lists/never-inspect.txt"):
        with (root / file).open("a") as stream:
            stream.write("# a remark\n")
        digests.add(load_policy(root, {}).digest)
    assert len(digests) == 4
    assert all(len(digest) == 16 for digest in digests)


def test_a_policy_cannot_be_changed(root, write_service) -> None:
    write_service("one", "a.example.com")
    policy = load_policy(root, {})
    with pytest.raises(TypeError):
        policy.services["x"] = policy.services["one"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.services["one"].name = "x"  # type: ignore[misc]


def test_rules_reach_every_part_of_a_request(root, write_service) -> None:
    more = """\
query: {quotaUser: {is: login, only_if: any_value}}
headers: {X-User: login}
fields: [{at: "**.mail", is: email}]
requests:
- match: ["GET /u/{id}", "PUT /v/{id}/..."]
  path: {id: email}
  query: {who: email}
  form: {name: full_name}
  headers: {X-Who: {is: email, do: refuse}}
  body: [{at: mail, is: email, do: drop}]
"""
    write_service("one", "a.example.com", more=more)
    endpoints = load_policy(root, {}).services["one"].endpoints
    found = endpoints.find("PUT", "/v/x@y/below/it")
    assert found.template == "/v/{id}/…"
    assert str(found.ref) == "services/one.yaml:12"
    assert {i: r.strict for i, r in found.path_fields.items()} == {1: False}
    assert {n: r.strict for n, r in found.query_fields.items()} == {"quotaUser": True, "who": False}
    assert {n: r.strict for n, r in found.form_fields.items()} == {"name": True}
    assert found.header_fields["x-who"].action == "refuse"
    assert str(found.header_fields["x-user"].ref) == "services/one.yaml:9"
    assert found.body.step("mail").rule.action == "drop"
    assert found.body.step("a").step("mail").rule.action == "pseudonymise"
    default = endpoints.find("DELETE", "/elsewhere")
    assert (default.template, default.ref, set(default.query_fields)) == ("/…", None, {"quotaUser"})
    assert default.body.step("mail").rule.strict


@pytest.mark.slow
def test_five_hundred_services_and_four_thousand_networks_load_in_linear_time(
    root: Path, write_service
) -> None:
    networks = "".join(
        f"- {{network: 10.{i // 16}.{i % 16 * 16}.0/20, school: S{i}, group: pupils}}\n"
        for i in range(4_000)
    )
    (root / "site.yaml").write_text(f"site: Test\nnetworks:\n{networks}")
    rules = "".join(f"- {{at: '**.field{i}', is: email}}\n" for i in range(20))
    requests = "".join(
        f"- {{match: 'GET /v1/r{i}/{{id}}', path: {{id: email}}}}\n" for i in range(20)
    )

    def add(number: int) -> None:
        more = f"fields:\n{rules}requests:\n{requests}"
        write_service(f"s{number}", f'a{number}.example.com, "*.b{number}.example.com"', more=more)

    def loaded() -> tuple[Policy, float]:
        started = time.process_time()
        return load_policy(root, {}), time.process_time() - started

    for number in range(125):
        add(number)
    _, few = loaded()
    for number in range(125, 500):
        add(number)
    policy, many = loaded()
    assert many < 8 * few
    assert len(policy.services) == 500
    assert policy.site.client_of("10.249.250.7").school == "S3999"


def test_the_never_inspect_list_keeps_its_sections() -> None:
    hosts, problems = parse_never_inspect(b"a.example\r\n[x-y] # why\n*.B.example # z\n", "l")
    assert [(host, ref.line, ref.text) for host, ref in hosts] == [
        ("a.example", 1, "a.example"),
        ("*.b.example", 3, "x-y: *.b.example"),
    ]
    assert problems == []
    assert parse_never_inspect(b"\xff", "l")[1]
