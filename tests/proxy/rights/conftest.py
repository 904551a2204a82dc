"""A furnished site that is copied for each test, and the engine asked directly."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxy.cli.desk import opened_desk
from proxy.demo.people import Person
from proxy.engine.exchange import Exchange
from proxy.engine.ruling import Ruling
from proxy.rights.desk import Desk
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import SERVICE_YAML, SITE_YAML, School

JSON = ((b"content-type", b"application/json"),)
OTHER = "nuage-autre"
OTHER_HOST = "autre.nuage.example"
NETWORKS = "  - {network: 127.9.0.0/16, school: 0759999Z, group: pupils}\n"
MORE = """\
      - {at: student.kept, is: email, do: allow, why: "essai"}
      - {at: student.login, is: login}
photos: with_consent
"""


@dataclass
class Scene:
    """A site, its people, its desk and its gateways."""

    root: Path
    people: list[Person]
    roster: Path

    def desk(self) -> contextlib.AbstractContextManager[Desk]:
        return opened_desk(self.root)

    def handle(self, person: Person) -> str:
        with self.desk() as desk:
            (found,) = desk.find(person.email)
        return found.handle

    def open(self) -> contextlib.AbstractContextManager[Runtime]:
        return contextlib.closing(Runtime.open(self.root))

    def alone(self, kind: str = "pupil") -> Person:
        """Somebody whose full name nobody else bears."""
        names = [person.full_name for person in self.people]
        return next(p for p in self.people if p.kind == kind and names.count(p.full_name) == 1)

    def namesakes(self) -> list[Person]:
        names = [person.full_name for person in self.people]
        name = next(name for name in names if names.count(name) > 1)
        return [person for person in self.people if person.full_name == name]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Person]]:
    folder = tmp_path_factory.mktemp("rights")
    site = SITE_YAML.replace("school_domains:", NETWORKS + "school_domains:", 1)
    school = School(folder, 60, site)
    school.write("services/nuage-classe.yaml", SERVICE_YAML + MORE)
    other = SERVICE_YAML.replace("nuage-classe", OTHER).replace("classe.nuage", "autre.nuage")
    school.write(f"services/{OTHER}.yaml", other)
    return folder, school.people


@pytest.fixture
def scene(furnished: tuple[Path, list[Person]], tmp_path: Path) -> Scene:
    folder, people = furnished
    root = tmp_path / "site"
    shutil.copytree(folder / "site", root)
    return Scene(root, people, folder / "roster")


def begun(runtime: Runtime, address: str = "127.0.0.1", **kwargs: Any) -> Exchange:
    request = {"method": "POST", "target": "/v1/classwork", "headers": JSON} | kwargs
    exchange = runtime.engine.begin(head(**request), runtime.client(address)).exchange
    assert exchange is not None
    return exchange


def sent(
    runtime: Runtime, student: dict[str, str], address: str = "127.0.0.1", **kw: Any
) -> Ruling:
    body = json.dumps({"student": student}).encode()
    return runtime.engine.protect(begun(runtime, address, **kw), body)


@pytest.fixture
def opened(scene: Scene) -> Iterator[Callable[[], Runtime]]:
    """Opens gateways on the site that are closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(scene.open())
