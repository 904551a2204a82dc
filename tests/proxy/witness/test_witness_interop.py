"""Both ends of the witness protocol against an implementation that nobody here wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aics_tlog
import aics_witness
import pytest
from witness_scene import Log, foreign, ours

from proxy.audit import NoteError, VerifierKey, prove_consistency
from proxy.audit.note import count_signers
from proxy.witness import Unwitnessed, WitnessKey, collect, cosigned_at


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log(tmp_path / "site")
    log.grow(300)
    return log


def test_our_log_gets_cosignatures_from_their_witness(tmp_path: Path, log: Log) -> None:
    with foreign(tmp_path / "foreign", log) as client:
        sizes = []
        for events in (0, 700, 1):
            note = log.grow(events)
            got = collect(log.directory, note, log.key, [client])
            assert got.witnesses == ("their.example/w",)
            assert count_signers(got.note, [client.key]) == 1
            sizes.append(int(note.split("\n")[1]))
        assert sizes == sorted(set(sizes))


def test_their_witness_refuses_our_forged_history(tmp_path: Path, log: Log) -> None:
    fork = log.copy(tmp_path / "fork")
    with foreign(tmp_path / "foreign", log) as client:
        client.cosign(log.directory, log.grow(50, "ent"), log.key)
        with pytest.raises(Unwitnessed) as caught:
            client.cosign(fork.directory, fork.grow(90, "other"), fork.key)
        assert caught.value.alarming


def test_their_client_gets_cosignatures_from_our_witness(tmp_path: Path, log: Log) -> None:
    with ours(tmp_path / "witness", log) as client:
        theirs = aics_witness.WitnessClient(client.place.url, str(client.key))

        def proof(old: int, new: int) -> list[bytes]:
            return prove_consistency(log.directory, old, new)

        for events in (0, 500, 3):
            note = log.grow(events)
            line = theirs.submit(note, proof)
            merged = aics_witness.merge_cosignatures(note, line)
            assert count_signers(merged.decode(), [client.key]) == 1


def test_their_library_accepts_what_our_witness_signed(tmp_path: Path, log: Log) -> None:
    with ours(tmp_path / "witness", log) as client:
        got = collect(log.directory, log.note, log.key, [client])
    note = aics_tlog.note.parse_note(got.note)
    witness, key = map(aics_tlog.note.parse_vkey, (str(client.key), str(log.key)))
    result = aics_tlog.checkpoint.verify_checkpoint(note, key, [witness], quorum=1)
    assert result.ok, result


def test_our_client_and_our_witness_agree_over_a_restart(tmp_path: Path, log: Log) -> None:
    with ours(tmp_path / "witness", log) as client:
        client.cosign(log.directory, log.note, log.key)
    with ours(tmp_path / "witness", log) as client:  # new processes on both sides
        line = client.cosign(log.directory, log.grow(10), log.key)
        assert cosigned_at(log.note + line, client.key) > 1_700_000_000


def test_a_forgotten_key_type_is_no_witness() -> None:
    key = WitnessKey("w.example", b"\x01" * 32)
    assert WitnessKey.parse(str(key)) == key
    with pytest.raises(NoteError, match="type 01"):
        VerifierKey.parse(str(key))


@pytest.mark.parametrize("cast", [foreign, ours])
def test_a_rolled_back_log_is_told_by_any_witness(
    tmp_path: Path, log: Log, cast: Callable[..., object]
) -> None:
    older = log.copy(tmp_path / "older")
    with cast(tmp_path / "witness", log) as client:  # type: ignore[attr-defined]
        client.cosign(log.directory, log.grow(64), log.key)
        with pytest.raises(Unwitnessed, match="rolled back") as caught:
            client.cosign(older.directory, older.note, older.key)
        assert caught.value.alarming
