"""What a witness must never do, whatever it is sent, whenever it is killed."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witness_scene import ORIGIN, Log, ours

from proxy.audit import Checkpoint, NoteError
from proxy.audit.merkle import Tree, consistency, leaf_hash, node_hash, split
from proxy.audit.note import Signer, open_checkpoint
from proxy.errors import InputError, KeysUnavailable
from proxy.witness import Witness, WitnessState, cosigned_at
from proxy.witness.protocol import format_submission, parse_submission

KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
SIGNER = Signer(ORIGIN, KEY)


class Branch:
    """A history of leaves, signed at will."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.hashes = [leaf_hash(leaf) for leaf in leaves]

    def root(self, size: int) -> bytes:
        tree = Tree()
        tree.extend(self.hashes[:size])
        return tree.root()

    def _range(self, start: int, end: int) -> bytes:
        if end - start == 1:
            return self.hashes[start]
        middle = start + split(end - start)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def submission(self, old: int, size: int, signer: Signer = SIGNER) -> bytes:
        note = signer.sign(Checkpoint(ORIGIN, size, self.root(size)).text())
        return format_submission(old, consistency(old, size, self._range) if old else [], note)


TRUNK = [b"%d" % number for number in range(40)]


def witness(folder: Path, clock: float = 1_800_000_000.0) -> Witness:
    made = WitnessState(folder) if folder.exists() else WitnessState.create(folder, "w.example")
    made.add_log(SIGNER.key)
    return Witness(made, lambda: clock)


def last(folder: Path) -> str:
    return WitnessState(folder).last(ORIGIN)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 40), st.booleans()),
        max_size=12,
    ),
    st.integers(0, 39),
)
def test_all_that_it_ever_signs_is_one_history(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, int, bool]],
    fork: int,
) -> None:
    """Requests from three branches, in any order, some after a restart of the witness."""
    folder = tmp_path_factory.mktemp("law") / "witness"
    branches = [
        Branch(TRUNK),
        Branch(TRUNK[:fork] + [b"x%d" % number for number in range(40 - fork)]),
        Branch([b"y%d" % number for number in range(40)]),
    ]
    end = witness(folder)
    signed: list[tuple[int, bytes]] = []
    for which, old, size, restart in steps:
        if restart:
            end = witness(folder)
        honest = signed[-1][0] if signed and old % 2 else min(old, size)
        if honest > size:
            continue
        answer = end.add_checkpoint(branches[which].submission(honest, size))
        assert answer.status in (200, 409, 422)
        if answer.status == 200:
            signed.append((size, branches[which].root(size)))
            assert last(folder).endswith(answer.body.decode())
    for (before, _), (after, _) in pairwise(signed):
        assert before <= after
    assert any(all(branch.root(size) == root for size, root in signed) for branch in branches), (
        "no single branch explains what was signed"
    )


def test_it_answers_only_what_its_disk_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = witness(tmp_path / "w")
    monkeypatch.setattr(
        WitnessState, "remember", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )
    answer = end.add_checkpoint(Branch(TRUNK).submission(0, 5))
    assert answer.status == 503
    assert "\u2014" not in answer.body.decode()


def test_a_witness_that_lost_its_memory_signs_nothing(tmp_path: Path) -> None:
    end = witness(tmp_path / "w")
    assert end.add_checkpoint(Branch(TRUNK).submission(0, 5)).status == 200
    for path in (tmp_path / "w" / "logs").rglob("checkpoint"):
        path.unlink()
    assert end.add_checkpoint(Branch(TRUNK).submission(0, 5)).status == 503
    assert witness(tmp_path / "w").add_checkpoint(Branch(TRUNK).submission(0, 9)).status == 503


def test_a_split_view_is_refused_and_kept_as_evidence(tmp_path: Path) -> None:
    end = witness(tmp_path / "w")
    assert end.add_checkpoint(Branch(TRUNK).submission(0, 8)).status == 200
    forged = Branch([b"z", *TRUNK[1:]])
    assert end.add_checkpoint(forged.submission(8, 20)).status == 422
    assert end.add_checkpoint(forged.submission(8, 8)).status == 422
    assert end.add_checkpoint(forged.submission(0, 8)).status == 409  # caught all the same
    assert WitnessState(tmp_path / "w").evidence() == 3


def test_a_clock_that_went_back_is_not_signed(tmp_path: Path) -> None:
    assert witness(tmp_path / "w", 2e9).add_checkpoint(Branch(TRUNK).submission(0, 5)).status == 200
    late = witness(tmp_path / "w", 1e9)
    assert late.add_checkpoint(Branch(TRUNK).submission(5, 6)).status == 503
    state = WitnessState(tmp_path / "w")
    assert cosigned_at(state.last(ORIGIN), state.signer.key) == 2_000_000_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n\n", 400),
        (b"old 00\n\nx\n0\n", 400),
        (b"old 0\nnot-base64\n\n" + SIGNER.sign("x\n").encode(), 400),
        (b"old 9\n\n" + SIGNER.sign(f"{ORIGIN}\n5\n{'A' * 43}=\n").encode(), 400),
        (b"old " + b"9" * 5000 + b"\n\n", 400),
        (b"old 0\n\n" + SIGNER.sign(f"{ORIGIN}\n{'9' * 5000}\n{'A' * 43}=\n").encode(), 400),
        (b"old 0\n\n" + SIGNER.sign(f"other\n5\n{'A' * 43}=\n").encode(), 404),
        (b"old 0\n\n" + f"{ORIGIN}\n5\n{'A' * 43}=\n\n\u2014 {ORIGIN} AAAA\n".encode(), 403),
        (b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\n", 400),
        (b"\xff\xfe", 400),
    ],
)
def test_each_refusal_has_the_status_of_the_specification(
    tmp_path: Path, body: bytes, status: int
) -> None:
    assert witness(tmp_path / "w").add_checkpoint(body).status == status


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    with contextlib.suppress(NoteError):
        assert parse_submission(body).old >= 0


def test_a_log_that_changes_keys_keeps_its_history(tmp_path: Path) -> None:
    state = WitnessState.create(tmp_path / "w", "w.example")
    state.add_log(SIGNER.key)
    other = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x06" * 32))
    end, branch = Witness(state), Branch(TRUNK)
    assert end.add_checkpoint(branch.submission(0, 5)).status == 200
    assert end.add_checkpoint(branch.submission(5, 9, other)).status == 403
    state.add_log(other.key)
    state.add_log(other.key)
    assert state.log_keys(ORIGIN) == [SIGNER.key, other.key]
    assert end.add_checkpoint(branch.submission(0, 9, other)).status == 409
    assert end.add_checkpoint(branch.submission(5, 9, other)).status == 200
    assert end.add_checkpoint(branch.submission(9, 12)).status == 200  # until told otherwise
    assert end.add_checkpoint(Branch([b"z", *TRUNK]).submission(12, 20, other)).status == 422


def test_a_cosignature_covers_extension_lines_too(tmp_path: Path) -> None:
    """Our logs have none; others' may."""
    root = Branch(TRUNK).root(5)
    note = SIGNER.sign(Checkpoint(ORIGIN, 5, root).text() + "extension line\n")
    answer = witness(tmp_path / "w").add_checkpoint(format_submission(0, [], note))
    assert answer.status == 200
    key = WitnessState(tmp_path / "w").signer.key
    assert cosigned_at(note + answer.body.decode(), key)
    assert last(tmp_path / "w") == note + answer.body.decode()


def test_a_witness_is_never_made_anew(tmp_path: Path) -> None:
    state = WitnessState.create(tmp_path / "w", "w.example")
    with pytest.raises(InputError, match="already"):
        WitnessState.create(tmp_path / "w", "w.example")
    state.hold()
    with pytest.raises(InputError, match="another process"):
        WitnessState(tmp_path / "w").hold()
    state.release()
    (tmp_path / "w" / "witness.pem").chmod(0o644)
    with pytest.raises(KeysUnavailable, match="others may read it"):
        WitnessState(tmp_path / "w")


def test_the_door_bounds_what_it_reads(tmp_path: Path) -> None:
    log = Log(tmp_path / "site")
    log.grow(3)
    with ours(tmp_path / "w", log) as client:
        client.cosign(log.directory, log.note, log.checkpoint)
        port = urlsplit(client.place.url).port

        def ask(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=5)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            return reply.status, reply.read()

        assert ask("POST", "/add-checkpoint", Content_Length="9" * 30)[0] == 413
        assert ask("POST", "/elsewhere")[0] == 404
        assert ask("GET", "/-/healthy") == (200, b"ok\n")
        status, note = ask("GET", f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
        assert status == 200
        assert open_checkpoint(note.decode(), log.key).size == 5
        assert cosigned_at(note.decode(), client.key)
