"""``preau init DIR``: a new site, with comments that explain every setting."""

from __future__ import annotations

import argparse
import shlex
import shutil
from pathlib import Path

from proxy.cli.output import emit
from proxy.errors import InputError
from proxy.policy.json_schema import SCHEMAS, schema_text

GROUP = "Set up"
HELP = "write a new, commented site into an empty folder"
_PACKAGE = Path(__file__).resolve().parent.parent
# What a running gateway writes, and what editors leave, is no part of a new site.
_LEFT_OUT = shutil.ignore_patterns("state", ".*", "*~", "*.swp", "__pycache__")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``DIR``."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="an empty or absent folder")


def run(args: argparse.Namespace) -> int:
    """Copy the default site, and say what comes next."""
    target: Path = args.directory
    files = write_site(target)
    steps = next_steps(target)
    width = max(len(command) for command, _ in steps)
    lines = [f"A new site is in {target} ({len(files)} files).", "", "Next:"]
    lines += [f"  {command:<{width}}  {why}" for command, why in steps]
    text = "\n".join(lines)
    emit(
        args,
        text,
        {"site": str(target), "files": files, "next": [command for command, _ in steps]},
    )
    return 0


def next_steps(target: Path) -> list[tuple[str, str]]:
    """The commands that make a new site work, in order."""
    site = f"--site {shlex.quote(str(target))}"
    file = shlex.quote(str(target / "site.yaml"))
    return [
        (f"$EDITOR {file}", "networks, domains, contact"),
        (f"preau check {site}", "what is still missing"),
        (f"preau keys init {site}", "the secret that pseudonyms come from"),
        (f"preau ca init {site}", "the authority that your devices will trust"),
        (f"preau ca export {site} --output preau-ca.pem", "what your devices install"),
        (f"preau directory import {site} FILE…", "your rosters"),
        (f"preau status {site}", "is everything there?"),
        (f"preau serve {site}", "run the gateway"),
    ]


def write_site(target: Path) -> list[str]:
    """Copy the default site to ``target``; the files written. Refuses a folder in use."""
    source = default_site()
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(f"{target} is not a folder, choose another name")
    try:
        if target.exists() and any(target.iterdir()):
            raise InputError(f"{target} is not empty, choose an empty or absent folder")
        shutil.copytree(source, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
        _add_schemas(target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror or error}") from error
    return sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_file())


def _add_schemas(target: Path) -> None:
    """Put the JSON Schemas beside the files, and point the files' first lines at them."""
    (target / "schema").mkdir()
    for name in SCHEMAS:
        (target / "schema" / name).write_text(schema_text(name), encoding="utf-8")
    subscriptions = target / "lists" / "subscriptions.yaml"
    for path in (target / "site.yaml", subscriptions, *(target / "services").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("../docs/", "schema/", 1), encoding="utf-8")


def default_site() -> Path:
    """The default site: in an installed wheel, or in a source checkout."""
    for candidate in (_PACKAGE / "_policies", _PACKAGE.parent / "policies"):
        if (candidate / "site.yaml").is_file():
            return candidate
    raise InputError("the default site is missing from this installation, install preau again")
