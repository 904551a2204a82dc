"""The programs beyond Python that tests and benchmarks drive: find, install, name what is missing.

    python scripts/tools.py                  install what the tests need and this machine lacks
    python scripts/tools.py TOOL…            the same for these tools
    python scripts/tools.py --list           one line a tool

As root on Debian and its kin, what is missing is installed. A package that would start and
enable a service (Redis, Prometheus, nginx) is never installed: its program alone is taken out
of the package into ``.tools/bin``, so no machine gets a daemon from running our tests.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".tools" / "bin"
TREES = ROOT / ".tools" / "trees"
MARK = re.compile(r"""needs\(\s*["']([\w-]+)["']""")
APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")


@dataclass(frozen=True)
class Tool:
    """One program, what it may be called, and how a machine comes by it."""

    name: str
    programs: tuple[str, ...]  # any of these will do
    hint: str  # what a person installs
    packages: tuple[str, ...] = ()  # Debian packages without a service: installed
    unpack: tuple[str, str] | None = None  # Debian package with a service, and the path inside it
    keep_tree: bool = False  # the program loads more of its package: all of it is kept
    link: str | None = None  # a program that serves under another name
    says: str | None = None  # what ``--version`` must say


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            name="redis-server",
            programs=("redis-server",),
            hint="redis-server (Debian, Ubuntu), redis (Fedora, Homebrew)",
            # Debian's redis-server package is a service around the binary that redis-tools holds.
            packages=("redis-tools",),
            link="redis-check-rdb",
        ),
        Tool(name="git", programs=("git",), hint="git (everywhere)", packages=("git",)),
        Tool(
            name="chromium",
            programs=("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
            hint="chromium (Debian, Fedora), google-chrome (elsewhere)",
            packages=("chromium",),
        ),
        Tool(
            name="curl",
            programs=("curl",),
            hint="curl with HTTP/2 (Debian, Fedora, Homebrew: curl)",
            packages=("curl",),
            says="HTTP2",
        ),
        Tool(
            name="promtool",
            programs=("promtool",),
            hint="promtool, part of prometheus (Debian, Homebrew)",
            unpack=("prometheus", "usr/bin/promtool"),
        ),
        Tool(
            name="prometheus",
            programs=("prometheus",),
            hint="prometheus (Debian, Homebrew)",
            unpack=("prometheus", "usr/bin/prometheus"),
        ),
        Tool(
            name="nginx",
            programs=("nginx",),
            hint="nginx",
            packages=("libpcre2-8-0", "libssl3"),
            unpack=("nginx", "usr/sbin/nginx"),
        ),
        Tool(
            name="nft",
            programs=("nft", "/usr/sbin/nft"),
            hint="nftables (everywhere)",
            packages=("nftables",),
        ),
        Tool(
            name="haproxy",
            programs=("haproxy", "/usr/sbin/haproxy"),
            hint="haproxy (everywhere)",
            packages=("liblua5.3-0", "libopentracing-c-wrapper0"),
            unpack=("haproxy", "usr/sbin/haproxy"),
        ),
        Tool(
            name="squid",
            programs=("squid", "/usr/sbin/squid"),
            hint="squid-openssl (Debian), squid (Fedora, Homebrew)",
            packages=("libecap3", "libnetfilter-conntrack3"),
            unpack=("squid-openssl", "usr/sbin/squid"),
        ),
        Tool(
            name="systemd-analyze",
            programs=("systemd-analyze",),
            hint="systemd (Debian, Fedora); elsewhere there is none",
            packages=("systemd",),
        ),
        Tool(name="node", programs=("node", "nodejs"), hint="nodejs", packages=("nodejs",)),
        Tool(
            name="slapd",
            programs=("slapd",),
            hint="slapd (Debian), openldap-servers (Fedora), openldap (Homebrew)",
            unpack=("slapd", "usr/sbin/slapd"),
            keep_tree=True,
        ),
        Tool(
            name="nghttp",
            programs=("nghttp",),
            hint="nghttp2-client (Debian), nghttp2 (Fedora, Homebrew)",
            packages=("nghttp2-client",),
        ),
        Tool(
            name="h2load",
            programs=("h2load",),
            hint="nghttp2-client (Debian), nghttp2 (Fedora, Homebrew)",
            packages=("nghttp2-client",),
        ),
    )
}


def search_path() -> str:
    """Where programs are looked for: ours first, the administrator's folders last."""
    return os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath), "/usr/sbin"))


def find(name: str) -> str | None:
    """The path of a tool that this machine has in a form that serves, or nothing."""
    tool = TOOLS[name]
    for program in tool.programs:
        path = shutil.which(program, path=search_path())
        if path is not None and (tool.says is None or tool.says in _version(path)):
            return path
    return None


def wanted() -> list[str]:
    """The tools that some test names in a ``needs`` mark: nothing else is worth installing."""
    named = {
        name
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for name in MARK.findall(file.read_text(encoding="utf-8"))
    }
    return [name for name in TOOLS if name in named]


def _version(program: str) -> str:
    try:
        result = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout


def can_install() -> bool:
    """Whether this is root on a machine with Debian's package tools."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt(*arguments: str, folder: Path | None = None) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    result = subprocess.run(
        [*APT, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    return result.returncode == 0


def _unpack(package: str, inside: str, *, keep_tree: bool) -> None:
    """Take one program out of a package without installing the package."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt's own download user must reach it
        if not _apt("-o", "APT::Sandbox::User=root", "download", package, folder=folder):
            return
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive.name, "out"], cwd=folder, check=True)
            if keep_tree:
                _apt("install", "-y", "--no-install-recommends", *_libraries(archive))
        program = folder / "out" / inside
        if not program.exists():
            return
        BIN.mkdir(parents=True, exist_ok=True)
        if keep_tree:
            tree = TREES / package
            shutil.rmtree(tree, ignore_errors=True)
            shutil.copytree(folder / "out", tree, symlinks=True)
            _write_starter(BIN / program.name, tree, inside)
        else:
            shutil.copy2(program, BIN / program.name)


def _libraries(archive: Path) -> list[str]:
    """The libraries that a package depends on, by the names of this release."""
    command = ["dpkg-deb", "-f", str(archive), "Depends"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    first = (one.split("|")[0].split() for one in result.stdout.split(","))
    return [words[0] for words in first if words and words[0].startswith("lib")]


def _write_starter(starter: Path, tree: Path, inside: str) -> None:
    """A program that runs the one in ``tree`` with the libraries of its own package."""
    folders = sorted({str(library.parent) for library in (tree / "usr/lib").glob("*/*.so*")})
    path = shlex.quote(":".join(folders))
    command = shlex.quote(str(tree / inside))
    starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={path} exec {command} "$@"\n')
    starter.chmod(0o755)


def install(name: str) -> None:
    """Bring one tool to this machine; whether it worked is for ``find`` to say."""
    tool = TOOLS[name]
    if tool.packages:
        _apt("install", "-y", "--no-install-recommends", "--no-upgrade", *tool.packages)
    if tool.unpack:
        _unpack(*tool.unpack, keep_tree=tool.keep_tree)
    if tool.link and (path := shutil.which(tool.link)):
        BIN.mkdir(parents=True, exist_ok=True)
        link = BIN / tool.name
        link.unlink(missing_ok=True)
        link.symlink_to(path)


def provide(names: list[str]) -> list[str]:
    """Install what is missing where that is possible; what is missing still comes back."""
    missing = [name for name in names if find(name) is None]
    if missing and can_install():
        print(f"Installing for the tests: {', '.join(missing)} …", flush=True)
        _apt("update")
        for name in missing:
            try:
                install(name)
            except (OSError, subprocess.SubprocessError) as error:
                print(f"  {name}: {type(error).__name__}", file=sys.stderr)
    return [name for name in missing if find(name) is None]


def main(arguments: list[str]) -> int:
    """Run the command line described at the top. A missing tool is no error here:
    the tests that need it say so themselves, and fail in CI."""
    if arguments == ["--list"]:
        for name, tool in TOOLS.items():
            print(f"{name:<13} {find(name) or 'missing: install ' + tool.hint}")
        return 0
    if unknown := [name for name in arguments if name not in TOOLS]:
        print(f"No such tool: {', '.join(unknown)}. Known: {', '.join(TOOLS)}.", file=sys.stderr)
        return 2
    for name in provide(arguments or wanted()):
        print(f"Missing: {name}. Install {TOOLS[name].hint}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
