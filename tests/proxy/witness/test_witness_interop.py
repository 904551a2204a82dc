"""Both ends of the witness protocol against an implementation that nobody here wrote."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import aics_tlog
import aics_witness
import pytest
import trustme
from witness_scene import Log, foreign, ours

from proxy.audit import NoteError, VerifierKey, prove_consistency
from proxy.audit.note import count_signers
from proxy.frontends.witness import WitnessServer
from proxy.outbound import Place
from proxy.witness import (
    Unwitnessed,
    Witness,
    WitnessClient,
    WitnessKey,
    WitnessState,
    collect,
    cosigned_at,
)


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
            got = collect(log.directory, note, log.checkpoint, [client])
            assert got.witnesses == ("their.example/w",)
            assert count_signers(got.note, [client.key]) == 1
            sizes.append(int(note.split("\n")[1]))
        assert sizes == sorted(set(sizes))


def test_their_witness_refuses_our_forged_history(tmp_path: Path, log: Log) -> None:
    fork = log.copy(tmp_path / "fork")
    with foreign(tmp_path / "foreign", log) as client:
        client.cosign(log.directory, log.grow(50, "ent"), log.checkpoint)
        with pytest.raises(Unwitnessed) as caught:
            client.cosign(fork.directory, fork.grow(90, "other"), fork.checkpoint)
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
        got = collect(log.directory, log.note, log.checkpoint, [client])
    note = aics_tlog.note.parse_note(got.note)
    witness, key = map(aics_tlog.note.parse_vkey, (str(client.key), str(log.key)))
    result = aics_tlog.checkpoint.verify_checkpoint(note, key, [witness], quorum=1)
    assert result.ok, result


def test_our_client_and_our_witness_agree_over_a_restart(tmp_path: Path, log: Log) -> None:
    with ours(tmp_path / "witness", log) as client:
        client.cosign(log.directory, log.note, log.checkpoint)
    with ours(tmp_path / "witness", log) as client:  # new processes on both sides
        line = client.cosign(log.directory, log.grow(10), log.checkpoint)
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
        client.cosign(log.directory, log.grow(64), log.checkpoint)
        with pytest.raises(Unwitnessed, match="rolled back") as caught:
            client.cosign(older.directory, older.note, older.checkpoint)
        assert caught.value.alarming


def test_over_https_with_a_certificate_that_must_hold(tmp_path: Path, log: Log) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    state = WitnessState.create(tmp_path / "w", "w.example")
    state.add_log(log.key)
    server = WitnessServer(Witness(state), "127.0.0.1", 0, context)
    server.start()
    try:
        good = Place(f"https://localhost:{server.port}", tmp_path / "ca.pem")
        client = WitnessClient(state.signer.key, good)
        assert client.cosign(log.directory, log.note, log.checkpoint)
        for place in (
            Place(f"https://localhost:{server.port}"),
            Place(f"https://127.0.0.1:{server.port}", tmp_path / "ca.pem"),
        ):
            with pytest.raises(Unwitnessed, match="certificate does not hold"):
                WitnessClient(state.signer.key, place).cosign(
                    log.directory, log.note, log.checkpoint
                )
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            # A client that never begins its handshake delays nobody else.
            assert client.cosign(log.directory, log.grow(2), log.checkpoint)
            silent.close()
    finally:
        server.stop()
