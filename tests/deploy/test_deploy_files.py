"""What else is shipped: read by the programs that will read it, where they are here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from proxy.store import open_store
from scripts import tools
from tests.plugins.redis_server import free_port
from tests.sim.served import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))


@pytest.mark.needs("haproxy")
def test_haproxy_accepts_its_file() -> None:
    program = tools.find("haproxy")
    assert program is not None
    command = [program, "-c", "-f", str(DEPLOY / "haproxy/haproxy.cfg")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.needs("promtool")
def test_prometheus_accepts_its_file() -> None:
    program = tools.find("promtool")
    assert program is not None
    path = DEPLOY / "compose/prometheus.yml"
    command = [program, "check", "config", "--syntax-only", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_container_is_read_only_and_without_privileges(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        assert "docker.sock" not in source
        if source.startswith("../"):
            assert volume.endswith(":ro")
        elif re.fullmatch(r"[a-z0-9-]+", source):
            assert source in COMPOSE["volumes"]


def test_a_signer_of_its_own_has_another_user_and_no_network() -> None:
    parted: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/signer.yaml").read_text("utf-8"))
    signer = parted["services"]["signer"]
    assert signer["read_only"] is True
    assert signer["cap_drop"] == ["ALL"]
    assert signer["network_mode"] == "none"
    user, group = signer["user"].split(":")
    image = (DEPLOY / "container/Containerfile").read_text("utf-8")
    assert f"USER {user}" not in image
    assert f"USER {group}:{group}" in image
    assert f"install -d -o {user} -g {group} -m 0700 /var/lib/preau-signer" in image
    where = signer["environment"]["PREAU_SIGNER"]
    for name in ("gateway-1", "gateway-2"):
        gateway = parted["services"][name]
        assert gateway["environment"]["PREAU_SIGNER"] == where
        assert gateway["volumes"] == [f"signer-run:{where}:ro"]
        assert name in COMPOSE["services"]


def test_the_store_and_the_metrics_have_no_way_out() -> None:
    networks = COMPOSE["networks"]
    assert networks["store"]["internal"]
    assert networks["watch"]["internal"]
    assert COMPOSE["services"]["redis"]["networks"] == ["store"]
    assert "ports" not in COMPOSE["services"]["redis"]


def test_what_compose_mounts_is_there() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.endswith((".cfg", ".yml")):
                assert (DEPLOY / "compose" / source).is_file(), source


def test_grafana_finds_its_source_and_the_dashboards() -> None:
    provided = DEPLOY / "compose/grafana"
    sources = yaml.safe_load((provided / "datasources/prometheus.yaml").read_text())
    (source,) = sources["datasources"]
    assert urlsplit(source["url"]).hostname in COMPOSE["services"]
    (folder,) = yaml.safe_load((provided / "dashboards/preau.yaml").read_text())["providers"]
    mounts = dict(v.split(":")[1::-1] for v in COMPOSE["services"]["grafana"]["volumes"])
    assert list((DEPLOY / "compose" / mounts[folder["options"]["path"]]).glob("*.json"))
    assert (DEPLOY / "compose" / mounts["/etc/grafana/provisioning"]) == provided


def test_the_gateway_works_with_the_rights_that_compose_gives_it_in_redis(tmp_path: Path) -> None:
    """Real Redis, the arguments of the file: a missing right would show at the first import."""
    program = tools.find("redis-server")
    if program is None:
        pytest.skip("needs redis-server")
    port = free_port()
    words = [w.replace("${PREAU_REDIS_PASSWORD:?set it in .env}", "essai")
             for w in COMPOSE["services"]["redis"]["command"][1:]]  # fmt: skip
    words = [piece for word in words for piece in word.split(" ")]
    command = [program, "--port", str(port), "--dir", str(tmp_path), "--bind", "127.0.0.1"]
    with subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL) as server:
        try:
            store = _opened(f"redis://preau:essai@127.0.0.1:{port}/0")
            store.vault_put(7, b"sealed", (1, 2), 20)
            assert store.vault_get((7,)) == [b"sealed"]
            assert store.directory_version() >= 0
            store.ping()
            store.close()
        finally:
            server.terminate()
            server.wait(10)


def _opened(url: str) -> Any:
    import time

    for _ in range(100):
        try:
            return open_store(url)
        except Exception:
            time.sleep(0.05)
    return open_store(url)


def test_the_image_needs_no_root_and_no_shell() -> None:
    text = (DEPLOY / "container/Containerfile").read_text("utf-8")
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    for word in ("ENTRYPOINT", "CMD"):
        assert re.search(rf"^\s*{word} \[", final, re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    ignored = (ROOT / ".containerignore").read_text("utf-8")
    assert ignored == (ROOT / ".dockerignore").read_text("utf-8")


def test_a_page_names_only_commands_and_files_that_exist() -> None:
    from proxy.cli import VERBS

    pages = sorted((ROOT / "docs/install").glob("*.md"))
    assert len(pages) >= 6
    for page in pages:
        text = page.read_text("utf-8")
        for verb in re.findall(r"(?:^|[\s/])preau ([a-z]+)\b(?=.*--site|\s)", text):
            if verb in VERBS:
                continue
            assert f"preau {verb}" not in re.findall(r"`preau [a-z]+", text), (page.name, verb)
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
        for name in re.findall(r"`(deploy/[\w./-]+)`", text):
            assert (ROOT / name).exists(), (page.name, name)
