"""Checking an evidence file with nothing but the file and, better, a key from elsewhere.

1. the files are those of the manifest, byte for byte;
2. the keys follow from each other, and the key given is one of them;
3. the log itself says that it made this manifest;
4. every enclosed event is in the signed log, at its number;
5. every row of the report is about its enclosed events, and counts at least them.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from proxy.audit import NoteError, VerifierKey, verify_proof
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import Layout
from proxy.errors import InputError
from proxy.reports.claims import Words, words_of
from proxy.reports.evidence import MANIFEST, MANIFEST_PROOF
from proxy.reports.tally import OTHER

MOST_BYTES = 512 * 1024**2
_NAME = re.compile(
    r"report\.(?:html|json)|README\.txt|MANIFEST|manifest\.tlog-proof|checkpoint|key\.vkey"
    r"|events/[0-9]{1,16}\.json|(?:proofs|keys)/[0-9]{1,16}\.tlog-proof"
)
_LISTED = re.compile(r"report\.(?:html|json)|README\.txt|events/.*")


@dataclass(slots=True)
class Verdict:
    """What was found; the first bad place first."""

    origin: str = ""
    supplier: str = ""
    events: int = 0
    key: str = ""
    key_from_file: bool = True
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems


def read_evidence(path: Path) -> dict[str, bytes]:
    """The files of a zip or a folder. Raises ``InputError`` for what is no evidence file."""
    try:
        files = dict(_zipped(path) if path.is_file() else _in_folder(path))
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{path} is not an evidence file ({error})") from None
    if MANIFEST not in files:
        raise InputError(f"{path} is not an evidence file: it holds no {MANIFEST}")
    return files


def check_evidence(files: Mapping[str, bytes], vkey: str | None = None) -> Verdict:
    """Everything about a file; ``vkey`` is the log's public key from elsewhere."""
    verdict = Verdict(key_from_file=vkey is None)
    verdict.problems += _manifest(files)
    try:
        ring = _ring(files, vkey)
    except (NoteError, ValueError, OSError) as error:
        verdict.problems.append(f"keys: {error}")
        return verdict
    verdict.origin, verdict.key = ring.name, str(ring.newest)
    verdict.problems += _made(files, ring, verdict)
    verdict.problems += _events(files, ring)
    verdict.problems += _claims(files)
    verdict.events = sum(name.startswith("events/") for name in files)
    return verdict


def _manifest(files: Mapping[str, bytes]) -> Iterator[str]:
    """Step 1."""
    listed = {}
    for line in files[MANIFEST].decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name, digest in listed.items():
        if name not in files:
            yield f"{name}: is missing"
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            yield f"{name}: is not what {MANIFEST} says"
    for name in sorted(files):
        if _LISTED.fullmatch(name) and name not in listed:
            yield f"{name}: {MANIFEST} does not name it"


def _ring(files: Mapping[str, bytes], vkey: str | None) -> KeyRing:
    """Step 2. The key ring reads a log's directory, so these few files become one."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            if name == "key.vkey" or name.startswith("keys/"):
                (root / name).parent.mkdir(exist_ok=True)
                (root / name).write_bytes(content)
        return read_ring(Layout(root), None if vkey is None else VerifierKey.parse(vkey))


def _made(files: Mapping[str, bytes], ring: KeyRing, verdict: Verdict) -> Iterator[str]:
    """Step 3."""
    try:
        proven = verify_proof(_text(files, MANIFEST_PROOF), ring)
        ring.open(_text(files, "checkpoint"))
    except NoteError as error:
        yield f"{MANIFEST_PROOF}: {error}"
        return
    event = orjson.loads(proven.line)
    verdict.supplier = str(event.get("supplier", ""))
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    if event.get("type") != "evidence-made" or event.get("manifest") != digest:
        yield f"{MANIFEST}: the log did not make this file"


def _events(files: Mapping[str, bytes], ring: KeyRing) -> Iterator[str]:
    """Step 4."""
    for name in sorted(files):
        if not name.startswith("events/"):
            continue
        number = name.removeprefix("events/").removesuffix(".json")
        try:
            proven = verify_proof(_text(files, f"proofs/{number}.tlog-proof"), ring, files[name])
        except NoteError as error:
            yield f"{name}: {error}"
            continue
        if proven.index != int(number):
            yield f"{name}: its proof is of event {proven.index}"


def _claims(files: Mapping[str, bytes]) -> Iterator[str]:
    """Step 5."""
    try:
        claims = orjson.loads(files["report.json"])["data"]["claims"]
        for place, claim in enumerate(claims):
            yield from _claim(files, place, claim)
    except (KeyError, TypeError, ValueError):
        yield "report.json: cannot be read"


def _claim(files: Mapping[str, bytes], place: int, claim: Mapping[str, Any]) -> Iterator[str]:
    words = Words(*(claim.get(name, "") for name in Words._fields))
    if claim["events"] < len(claim["examples"]):
        yield f"report.json: finding {place} counts fewer events than it encloses"
    for index in claim["examples"]:
        line = files.get(f"events/{index}.json")
        if line is None:
            yield f"events/{index}.json: is missing"
            continue
        found = words_of(orjson.loads(line))
        if words.rule == OTHER:
            found = found._replace(endpoint="", method="", list="", rule=OTHER)
        if found != words:
            yield f"report.json: finding {place} is not about event {index}"


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except KeyError:
        raise NoteError("is missing") from None
    except UnicodeDecodeError:
        raise NoteError("is not a signed note") from None


def _zipped(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
            raise InputError(f"{path} is larger than an evidence file may be")
        for info in archive.infolist():
            if not info.is_dir():
                yield _known(path, info.filename), archive.read(info)


def _in_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    if not path.is_dir():
        raise InputError(f"{path} is neither a zip nor a folder")
    for file in sorted(path.rglob("*")):
        if file.is_file():
            yield _known(path, file.relative_to(path).as_posix()), file.read_bytes()


def _known(path: Path, name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise InputError(f"{path}: {name} does not belong into an evidence file")
    return name
