"""Redis as schools run it: alone over TLS with accounts, behind Sentinel, a Cluster.

Real servers on loopback with short time-outs; each can be killed, frozen (SIGSTOP) and started
again. Over TLS everywhere, with the account of ``docs/redis.md`` and no more rights than that.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
import trustme

from scripts import tools
from tests.plugins.redis_server import HOST, free_port

PASSWORD = "mot-de-passe-du-lycee"
ADMIN = "administrateur"
PAGE = Path(__file__).parents[2] / "docs" / "redis.md"
PREFIX = "lycee"


class Authority:
    """Certificates for the servers, and for the gateway as their client."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        pair = authority.issue_cert(HOST)
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        for blob in pair.cert_chain_pems:
            blob.write_to_path(str(self.cert), append=True)
        pair.private_key_pem.write_to_path(str(self.key))

    @property
    def query(self) -> str:
        """What a store's URL says of it."""
        return f"ssl_ca_certs={self.ca}&ssl_certfile={self.cert}&ssl_keyfile={self.key}"

    @property
    def options(self) -> list[str]:
        """What a server's configuration says of it: client certificates are asked for."""
        return [
            f"tls-cert-file {self.cert}",
            f"tls-key-file {self.key}",
            f"tls-ca-cert-file {self.ca}",
            "tls-auth-clients yes",
        ]

    def client(self, port: int, **options: Any) -> redis.Redis:
        """An administrator's connection."""
        return redis.Redis(
            HOST, port, username=ADMIN, password=ADMIN, ssl=True, ssl_ca_certs=str(self.ca),
            ssl_certfile=str(self.cert), ssl_keyfile=str(self.key), **options,
        )  # fmt: skip


def accounts(sentinel: bool = False) -> list[str]:
    """The documented account of the gateway, and the tests' own."""
    ours = "preau-sentinel" if sentinel else "preau"
    page = PAGE.read_text("utf-8").replace("PASSWORD", PASSWORD)
    shown = re.findall(rf"^user (?:{ours}|default) .*$", page, re.MULTILINE)
    assert len(shown) == 2, "docs/redis.md shows the accounts"
    rules = [line.replace("{preau}", f"{{{PREFIX}}}") for line in shown]
    return [*rules, f"user {ADMIN} on >{ADMIN} ~* &* +@all"]


class Node:
    """One process of redis-server."""

    def __init__(self, folder: Path, authority: Authority, *more: str, sentinel: bool = False):
        self.port = free_port()
        self._authority, self._more, self._sentinel = authority, more, sentinel
        self._folder = folder / str(self.port)
        self._folder.mkdir()
        self._process: subprocess.Popen[bytes] | None = None
        file = self._folder / "redis.conf"
        common = [
            f"bind {HOST}", "port 0", f"tls-port {self.port}", f"dir {self._folder}",
            *authority.options, *accounts(sentinel), "tls-replication yes",
        ]  # fmt: skip
        own = [] if sentinel else ["appendonly yes", 'save ""', "appendfsync no"]
        file.write_text("\n".join([*common, *own, *more]) + "\n", "utf-8")
        self._file = file

    def start(self) -> Node:
        """Start and wait until it answers."""
        program = tools.find("redis-server") or "redis-server"
        mode = ["--sentinel"] if self._sentinel else []
        self._process = subprocess.Popen(
            [program, str(self._file), *mode], stdout=(self._folder / "log").open("wb")
        )
        assert until(self.answers, 10), (self._folder / "log").read_text()
        return self

    def answers(self) -> bool:
        """Whether it does."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def client(self) -> redis.Redis:
        """An administrator's connection."""
        return self._authority.client(self.port, socket_timeout=2)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stand, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Alone:
    """One server."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.master = Node(folder, self.authority).start()
        self.nodes = [self.master]
        self.url = (
            f"rediss://preau:{PASSWORD}@{HOST}:{self.master.port}/0"
            f"?prefix={PREFIX}&{self.authority.query}"
        )

    def stop(self) -> None:
        """All of it."""
        for node in self.nodes:
            node.kill()


class Sentinels:
    """A master, a replica, and three sentinels that agree within a second."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        login = (f"masteruser {ADMIN}", f"masterauth {ADMIN}")
        self.master = Node(folder, self.authority, *login).start()
        following = f"replicaof {HOST} {self.master.port}"
        self.replica = Node(folder, self.authority, *login, following).start()
        watch = (
            f"sentinel monitor ecole {HOST} {self.master.port} 2",
            f"sentinel auth-user ecole {ADMIN}",
            f"sentinel auth-pass ecole {ADMIN}",
            "sentinel down-after-milliseconds ecole 500",
            "sentinel failover-timeout ecole 1500",
            f"sentinel sentinel-user {ADMIN}",
            f"sentinel sentinel-pass {ADMIN}",
        )
        self.sentinels = [
            Node(folder, self.authority, *watch, sentinel=True).start() for _ in range(3)
        ]
        for node in self.sentinels:
            with node.client() as client:  # else they look every ten seconds
                client.execute_command("SENTINEL DEBUG", "info-period", 200)
        self.nodes = [self.master, self.replica, *self.sentinels]
        places = ",".join(f"{HOST}:{node.port}" for node in self.sentinels)
        self.url = (
            f"rediss+sentinel://preau:{PASSWORD}@{places}/ecole/0?prefix={PREFIX}&"
            f"sentinel_username=preau-sentinel&sentinel_password={PASSWORD}&{self.authority.query}"
        )
        assert until(self._agree, 15), "the sentinels know each other and the replica"

    def _agree(self) -> bool:
        for node in self.sentinels:
            with node.client() as client:
                state = client.sentinel_master("ecole")
                known = state["num-other-sentinels"] == 2 and state["num-slaves"] == 1
                replicas = client.sentinel_slaves("ecole")
                if not known or any(r["is_disconnected"] or r["is_sdown"] for r in replicas):
                    return False
        with self.replica.client() as client:
            return client.info("replication")["master_link_status"] == "up"

    def stop(self) -> None:
        """All of it."""
        for node in self.nodes:
            node.kill()


class Cluster:
    """Three masters; the site's slot is moved at will."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        options = (
            "cluster-enabled yes", "tls-cluster yes", "cluster-node-timeout 1000",
            "cluster-require-full-coverage no", f"masteruser {ADMIN}", f"masterauth {ADMIN}",
        )  # fmt: skip
        self.nodes = [
            Node(folder, self.authority, *options, f"cluster-port {free_port()}").start()
            for _ in range(3)
        ]
        self._join()
        places = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        self.url = (
            f"rediss+cluster://preau:{PASSWORD}@{places}?prefix={PREFIX}&{self.authority.query}"
        )
        self.slot = int(self._admin(0, "CLUSTER", "KEYSLOT", f"{{{PREFIX}}}:version"))

    @property
    def master(self) -> Node:
        """The node that has our slot, as the first that is up sees it."""
        for at, node in enumerate(self.nodes):
            if node.answers():
                rows = self._admin(at, "CLUSTER", "SLOTS")
                break
        row = next(row for row in rows if int(row[0]) <= self.slot <= int(row[1]))
        return next(node for node in self.nodes if node.port == int(row[2][1]))

    def identity(self, node: Node) -> str:
        """Its name in the Cluster."""
        found = self._admin(self.nodes.index(node), "CLUSTER", "MYID")
        return found.decode() if isinstance(found, bytes) else str(found)

    def command(self, node: Node, *words: Any) -> Any:
        """An administrator's command."""
        return self._admin(self.nodes.index(node), *words)

    def stop(self) -> None:
        """All of it."""
        for node in self.nodes:
            node.kill()

    def _join(self) -> None:
        bounds = (0, 5461, 10923, 16384)
        for at, node in enumerate(self.nodes):
            self._admin(at, "CLUSTER", "ADDSLOTSRANGE", bounds[at], bounds[at + 1] - 1)
            self._admin(at, "CLUSTER", "SET-CONFIG-EPOCH", at + 1)
            if at:
                bus = _bus(self.nodes[0])
                self._admin(at, "CLUSTER", "MEET", HOST, self.nodes[0].port, bus)
            assert node.answers()
        assert until(self._whole, 15), "the nodes know each other"

    def _whole(self) -> bool:
        for at in range(len(self.nodes)):
            info = self._admin(at, "CLUSTER", "INFO")
            text = str(info)
            if "cluster_known_nodes" not in text or not (
                re.search(r"cluster_state\W+ok", text)
                and re.search(r"cluster_known_nodes\W+3", text)
                and re.search(r"cluster_slots_ok\W+16384", text)
            ):
                return False
        return True

    def _admin(self, at: int, *words: Any) -> Any:
        with self.nodes[at].client() as client:
            client.response_callbacks.clear()
            return client.execute_command(*words)


def _bus(node: Node) -> int:
    """The port of the Cluster's own traffic."""
    ports = [
        line for line in node._file.read_text().splitlines() if line.startswith("cluster-port")
    ]
    return int(ports[0].split()[1])


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes to hold in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if holds():
                return True
        except (redis.RedisError, OSError):
            pass
        time.sleep(0.05)
    return holds()
