"""Nothing on this side remembers anybody in clear: log, metrics, audit, pages, files."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.audit import query
from proxy.audit.export import FORMATS, Cursor, Entry, LogReader, Origin, syslog
from proxy.audit.publish import PaperTarget
from proxy.audit.shipping import FolderStore, Shipper
from proxy.cli import main
from tests.adversary.oracle import Leak
from tests.leak.layers import BY_NAME
from tests.leak.scene import Request, Scene
from tests.sim.school import SERVICE

LAYERS = ("json", "form", "html", "multipart", "base64", "text")


class Listener(logging.Handler):
    """Keeps every record of every logger, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


def _busy_day(scene: Scene) -> bytes:
    """Requests of all sorts, some refused; gives what the refusal pages said."""
    pages = b""
    for name in LAYERS:
        layer = BY_NAME[name]
        for _ in range(4):
            document = layer.write([item.text for item in scene.author.texts(20)])
            assert (
                scene.send(Request(document.encode(), layer.content_type(document))).status == 200
            )
    for said in scene.author.texts(40):
        head = (("x-note", said.text.encode()), ("accept", b"text/html"))
        broken = Request(said.text.encode(), "text/plain; charset=x-none", fields=head)
        for request in (broken, Request(said.text.encode(), "text/plain", "lzma", fields=head)):
            got = scene.send(request)
            assert got.status == 403
            assert got.received is None
            pages += got.head + got.body
    return pages


def _exported(audit: Path, folder: Path) -> list[bytes]:
    """Every event in every format, framed; a shipped copy and a sheet in ``folder``."""
    shipper = Shipper(
        LogReader(audit), FolderStore(folder / "copy"), Cursor(folder / "cursor", "any")
    )
    while shipper.step():
        pass
    note = (audit / "checkpoint").read_text()
    PaperTarget(folder / "sheets").publish(note)
    origin, out = Origin("preau.example/test", "gw"), []
    for found in query(audit):
        entry = Entry.read(found.index, found.line)
        for formatter in FORMATS.values():
            body = formatter(entry, origin)
            out.append(syslog.frame(syslog.message(entry, origin, body)))
    assert sum(b"request-pseudonymised" in message for message in out) > 10
    return out


def _reported(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Every report, as a page and as JSON; an evidence file stays in the site's folder."""
    where = ["--site", str(root)]
    for kind in ("families", "transfers", "record", "dpia", "year", f"supplier {SERVICE}"):
        for form in ([], ["--json"]):
            assert main(["report", *kind.split(), *form, *where]) == 0
    told = capsys.readouterr().out
    assert main(["report", "supplier", SERVICE, *where, "--out", str(root / "evidence")]) == 0
    assert main(["report", "verify", str(root / "evidence")]) == 0
    assert list((root / "evidence/events").iterdir())
    return told


def _in_files(scene: Scene, folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".yaml", ".pem"):
            found += [f"{path.name}: {leak}" for leak in scene.oracle.in_clear(path.read_bytes())]
    return found


def test_nothing_on_this_side_remembers_anybody(
    scene: Scene, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = _busy_day(scene)
    runtime = scene.school.runtime
    audit = runtime.site.audit_dir
    assert any(path.stat().st_size for path in audit.rglob("*") if path.is_file())
    leaks: list[Leak | str] = [*scene.oracle.near(pages, scene.people)]
    leaks += scene.oracle.people(runtime.metrics.render())
    leaks += scene.oracle.in_clear("\n".join(listener.lines).encode())
    runtime.audit.checkpoint()
    exported = _exported(audit, runtime.site.root / "left")
    leaks += scene.oracle.in_clear(b"\n".join(exported))
    leaks += scene.oracle.people(b"\n".join(exported[-60:]))  # in every reading: a sample
    for act in (["export"], ["query", "--json"], ["query"]):
        capsys.readouterr()
        assert main(["audit", *act, "--dir", str(audit)]) == 0
        told = capsys.readouterr().out
        assert "request-refused" in told
        leaks += scene.oracle.in_clear(told.encode())
    leaks += scene.oracle.in_clear(_reported(runtime.site.root, capsys).encode())
    leaks += _in_files(scene, runtime.site.root)
    assert not leaks, "\n".join(map(str, leaks))


def test_an_exception_in_the_middle_of_a_body_names_nobody(
    scene: Scene, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback shows lines of code; what stood in variables is nowhere in it."""
    from proxy.engine import leaving

    def broken(*arguments: object) -> object:
        raise RuntimeError("planted") from ValueError(len(str(arguments)))

    monkeypatch.setattr(leaving, "rewrite_body", broken)
    pages = b""
    for said in scene.author.texts(8):
        got = scene.send(Request(said.text.encode(), "text/plain"))
        assert got.status >= 400
        assert got.received is None
        pages += got.head + got.body
    told = "\n".join(listener.lines)
    assert "RuntimeError" in told
    leaks: list[Leak | str] = [*scene.oracle.near(pages, scene.people)]
    leaks += scene.oracle.in_clear(told.encode())
    leaks += _in_files(scene, scene.school.runtime.site.root)
    assert not leaks, "\n".join(map(str, leaks))


def test_no_process_of_ours_leaves_a_core_file() -> None:
    """What is in memory when one dies must not land on the disk; children inherit the limit."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        assert main(["check", "--site", "/nowhere"]) == 2
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
