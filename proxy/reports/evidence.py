"""The evidence file on a supplier: the report, events, and a proof for everything in it.

====================  ==============================================================
``report.html``       the report, for people; ``report.json`` the same for programs
``events/N.json``     event number N, byte for byte as it was signed
``README.txt``        how to check all this with tools of one's own
``MANIFEST``          the SHA-256 of each of these, as ``sha256sum -c`` reads it
``manifest.tlog-proof``  the log's own ``evidence-made`` event, which holds the SHA-256 of
                      the manifest: so the report is signed as every event is
``proofs/N.tlog-proof``  the proof of inclusion of event N in the signed log
``checkpoint``        the signed checkpoint the file was made under
``key.vkey``, ``keys/``  the log's public key, and those that took over from it
====================  ==============================================================

The event is recorded before the file is in place: an evidence file of which the log does not
know is none.
"""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from proxy.audit import AuditLog, fit, make_event, prove
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import Layout
from proxy.audit.proofs import read_line
from proxy.directory.exporters.output import replaced
from proxy.errors import InputError
from proxy.reports.claims import Claim
from proxy.reports.document import Document, as_json
from proxy.reports.page import render
from proxy.reports.texts.readme import README

MANIFEST = "MANIFEST"
MANIFEST_PROOF = "manifest.tlog-proof"
_EPOCH = (1980, 1, 1, 0, 0, 0)

type Files = dict[str, bytes]


def make_evidence(
    directory: Path, log: AuditLog, report: Document, claims: Sequence[Claim], supplier: str
) -> Files:
    """The files, by name. ``directory`` is the log's, ``log`` the same, open for writing."""
    layout = Layout(directory)
    indices = sorted({index for claim in claims for index in claim.examples})
    files: Files = {
        "report.html": render(report).encode(),
        "report.json": _json(as_json(report)),
        "README.txt": README.encode(),
    }
    files |= {f"events/{index}.json": read_line(layout, index) for index in indices}
    manifest = manifest_of(files)
    made = make_event(
        "evidence-made",
        supplier=fit("supplier", supplier),
        manifest=hashlib.sha256(manifest).hexdigest(),
        count=len(indices),
    )
    at = log.record_sync([made])
    note = log.checkpoint()
    ring = read_ring(layout)
    files |= {MANIFEST: manifest, MANIFEST_PROOF: prove(directory, at, ring).encode()}
    files |= _proofs(directory, indices, ring)
    files |= {"checkpoint": note.encode(), "key.vkey": layout.public_key.read_bytes()}
    for path in sorted(layout.keys.glob("*.tlog-proof")):
        files[f"keys/{path.name}"] = path.read_bytes()
    return files


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """As ``sha256sum`` writes it, sorted by name."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def write(files: Mapping[str, bytes], path: Path) -> None:
    """As a zip when ``path`` ends so, else as a new folder; the same bytes for the same files."""
    if path.suffix == ".zip":
        with replaced(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
        return
    with contextlib.suppress(FileNotFoundError):
        if any(path.iterdir()):
            raise InputError(f"{path} is not empty, choose a folder that is not there yet")
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _proofs(directory: Path, indices: Sequence[int], ring: KeyRing) -> Files:
    return {
        f"proofs/{index}.tlog-proof": prove(directory, index, ring).encode() for index in indices
    }


def _json(document: Mapping[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
