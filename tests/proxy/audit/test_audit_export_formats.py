"""The formats: each event in other words, readable back, nothing dropped, nothing added."""

from __future__ import annotations

import json
import re
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit.events import TYPES, make_event, serialise
from proxy.audit.export import FORMATS, Entry, Format, Origin, syslog
from proxy.audit.export.formats import CEF_KEYS, cef_header, cef_value
from proxy.audit.export.meaning import MEANINGS, Class

ORIGIN = Origin("preau.example/test", "gw1")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def entry(event: dict[str, object], index: int = 5) -> Entry:
    return Entry.read(index, orjson.dumps({"time": "2026-11-24T08:00:00.123Z", **event}))


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """A reader of CEF, from its specification."""
    fields = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    header = [re.sub(r"\\([\\|])", r"\1", field) for field in fields[:7]]
    pairs = re.findall(r"(\w+)=((?:\\.|[^\\=])*?)(?= \w+=|$)", fields[7], re.DOTALL)
    names = {"n": "\n", "r": "\r"}
    return header, {
        name: re.sub(r"\\(.)", lambda m: names.get(m[1], m[1]), value) for name, value in pairs
    }


def test_every_type_of_the_catalogue_has_a_meaning() -> None:
    assert set(MEANINGS) == set(TYPES)


@given(TEXT)
def test_cef_escapes_any_value_so_that_it_reads_back(value: str) -> None:
    line = f"CEF:0|a|b|1|t|n|3|first={cef_value(value)} last=x"
    if not re.search(r" \w+=", value):
        assert "\n" not in line
        assert read_cef(line)[1] == {"first": value, "last": "x"} or value != value.strip()
    assert not re.search(r"(?<!\\)(\\\\)*[=]", cef_value(value).replace("\\=", ""))


@given(TEXT)
def test_cef_header_fields_never_end_early(value: str) -> None:
    plain = re.sub(r"[\r\n]", " ", value)
    unescaped = re.sub(r"\\([\\|])", r"\1", cef_header(value))
    assert unescaped == plain
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", cef_header(value))


@given(TEXT)
def test_syslog_parameter_values_never_end_early(value: str) -> None:
    escaped = syslog.sd_value(value)
    assert re.sub(r'\\(["\\\]])', r"\1", escaped) == value
    assert re.fullmatch(r'(?:[^"\\\]]|\\["\\\]])*', escaped, re.DOTALL)


@given(TEXT, st.binary(max_size=50))
def test_a_syslog_message_has_its_six_header_fields_and_its_length(host: str, body: bytes) -> None:
    made = entry({"type": "tracker-blocked", "version": 1})
    message = syslog.message(made, Origin(host, host), body)
    framed = syslog.frame(message)
    length, _, rest = framed.partition(b" ")
    assert int(length) == len(rest)
    head = re.match(
        rb"<(\d{1,3})>1 (\S+) ([!-~]{1,255}) preau - ([!-~]{1,32}) "
        rb'\[preau@32473 index="5" log="((?:[^"\\\]]|\\.)*)"\] \xef\xbb\xbf',
        message,
        re.DOTALL,
    )
    assert head
    assert int(head[1]) // 8 == 13
    assert message[head.end() :] == body


FULL = {
    "gateway": "gw1",
    "client": "0123456789abcdef",
    "school": "0750001A",
    "service": "google-classroom",
    "host": "classroom.google.com",
    "endpoint": "/v1/courses/{id}",
    "method": "POST",
    "rule": "services/x.yaml:12",
    "policy": "0123456789abcdef",
    "counts": {"full_name": 2, "email": 1},
}


def test_no_format_drops_a_field() -> None:
    line = serialise(make_event("request-pseudonymised", **FULL))
    made = Entry.read(5, line)
    ocsf = json.loads(FORMATS[Format.OCSF](made, ORIGIN))
    assert ocsf["unmapped"] == FULL
    cef = read_cef(FORMATS[Format.CEF](made, ORIGIN).decode())[1]
    assert {CEF_KEYS.get(name, f"preau{name.capitalize()}") for name in FULL} <= set(cef)
    assert cef["preauCounts"] == "email:1,full_name:2"
    assert json.loads(FORMATS[Format.JSON](made, ORIGIN))["event"] == json.loads(line)


def test_ocsf_has_what_its_base_event_and_classes_demand() -> None:
    """Required attributes of OCSF 1.4's base event and of the classes used."""
    demanded = {
        Class.HTTP_ACTIVITY: {"http_request", "src_endpoint", "dst_endpoint"},
        Class.NETWORK_ACTIVITY: {"src_endpoint", "dst_endpoint"},
        Class.API_ACTIVITY: {"actor", "api", "src_endpoint"},
        Class.APPLICATION_LIFECYCLE: {"app"},
        Class.AUTHENTICATION: {"user"},
        Class.DATA_SECURITY_FINDING: {"finding_info", "data_security"},
    }
    base = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time"}
    for name in TYPES:
        made = entry({"type": name, "version": 1})
        document = json.loads(FORMATS[Format.OCSF](made, ORIGIN))
        assert base | {"type_uid"} | demanded[made.meaning.kind] <= set(document), name
        assert document["type_uid"] == document["class_uid"] * 100 + document["activity_id"]
        assert document["time"] == 1795507200123
        assert document["metadata"]["version"] == "1.4.0"


def test_a_type_of_a_newer_version_is_exported_and_not_dropped() -> None:
    made = entry({"type": "something-new", "version": 9, "extra": 1})
    for formatter in FORMATS.values():
        assert b"something-new" in formatter(made, ORIGIN)


def test_the_documented_table_is_what_the_code_says() -> None:
    page = (Path(__file__).parents[3] / "docs" / "audit-export.md").read_text()
    for name, meaning in MEANINGS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        activity = "by method" if meaning.kind is Class.HTTP_ACTIVITY else str(meaning.activity)
        severity = int(meaning.severity)
        assert cells[1:3] == [str(int(meaning.kind)), activity]
        assert cells[4:6] == [str(severity), str(2 * severity)]
