"""The whole policy of a site, immutable: a request keeps the one it started with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from proxy.policy.advice import advise
from proxy.policy.compile import Compiled, compile_service
from proxy.policy.document import parse_document
from proxy.policy.hosts import HostTable, normal_host, parse_never_inspect
from proxy.policy.model import HostVerdict, RuleRef, Service, Treatment
from proxy.policy.privacy import plan, words
from proxy.policy.problems import InvalidFiles, Problem
from proxy.policy.service_schema import ServiceFile
from proxy.policy.validation import validate
from proxy.pseudonyms.tokens import TOKEN_LENGTH
from proxy.reasons import Reason
from proxy.site import SITE_FILE, Site, read_site
from proxy.timetable import reading as timetable_files
from proxy.timetable.plan import Timetable

SERVICES: Final = "services"
LISTS: Final = "lists"
_EXACT_WEIGHT = 1_000
_KEPT_VERDICTS = 8192

type CompileCache = dict[tuple[str, bytes], Compiled]
"""Compiled services by file name and digest of its bytes: a reload compiles what changed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one host pattern says. ``weight`` orders patterns by how specific they are."""

    verdict: HostVerdict
    weight: int


class Policy:
    """What the site's files say, compiled. Build with ``load_policy``."""

    __slots__ = (
        "_hosts",
        "_never",
        "_unknown",
        "_verdicts",
        "digest",
        "never_inspect",
        "services",
        "site",
        "timetable",
    )

    def __init__(
        self,
        site: Site,
        digest: str,
        services: Iterable[Service],
        treatment_refs: Mapping[str, RuleRef],
        charter_refs: Mapping[str, RuleRef],
        never_inspect: Iterable[tuple[str, RuleRef]],
        timetable: Timetable | None = None,
    ) -> None:
        self.site = site
        self.timetable = timetable_files.empty() if timetable is None else timetable
        self.digest = digest
        self.services: Mapping[str, Service] = MappingProxyType({s.name: s for s in services})
        self.never_inspect = tuple(never_inspect)
        self._hosts: HostTable[_Entry] = HostTable()
        self._never: HostTable[_Entry] = HostTable()
        for service in self.services.values():
            verdict = _verdict(
                service, site, treatment_refs[service.name], charter_refs[service.name]
            )
            for host in service.hosts:
                self._hosts.add(host, _Entry(verdict, _weight(host)))
        for host, ref in self.never_inspect:
            self._never.add(host, _Entry(HostVerdict(Treatment.TUNNEL, ref, None), _weight(host)))
        self._verdicts: dict[str, HostVerdict] = {}
        denied = site.unknown_service is Treatment.DENY
        self._unknown = HostVerdict(
            site.unknown_service,
            site.ref("unknown_service"),
            None,
            Reason.UNKNOWN_SERVICE.value if denied else "",
        )

    def verdict(self, host: str) -> HostVerdict:
        """What to do with a connection to ``host``.

        The never-inspect list beats every service except one whose own ``treatment: deny``
        names the host at least as precisely.
        """
        known = self._verdicts.get(host)
        if known is None:
            if len(self._verdicts) >= _KEPT_VERDICTS:  # hosts are the client's
                self._verdicts.clear()
            known = self._verdicts[host] = self._find(normal_host(host))
        return known

    def _find(self, host: str) -> HostVerdict:
        entry = self._hosts.find(host)
        never = self._never.find(host)
        if never is None:
            return self._unknown if entry is None else entry.verdict
        if entry is None:
            return never.verdict
        if entry.verdict.reason == _SERVICE_DENIED and entry.weight >= never.weight:
            return entry.verdict
        return HostVerdict(Treatment.TUNNEL, never.verdict.ref, entry.verdict.service)

    def never_decrypted(self, host: str) -> RuleRef | None:
        """The entry of a never-inspect list that a normal host falls under."""
        entry = self._never.find(host)
        return None if entry is None else entry.verdict.ref


_SERVICE_DENIED = Reason.SERVICE_DENIED.value


def _weight(pattern: str) -> int:
    return len(pattern) if pattern.startswith("*.") else _EXACT_WEIGHT + len(pattern)


def _verdict(service: Service, site: Site, treatment: RuleRef, charter: RuleRef) -> HostVerdict:
    if service.treatment is Treatment.DENY:
        return HostVerdict(Treatment.DENY, treatment, service, _SERVICE_DENIED)
    adhered = service.charter_adhered or service.charter_to_confirm
    if site.require_charter and not adhered:
        reason = Reason.CHARTER_NOT_ADHERED.value
        return HostVerdict(Treatment.DENY, charter, service, reason)
    return HostVerdict(service.treatment, treatment, service)


@dataclass(slots=True)
class Reading:
    """One reading of the site's files. ``policy`` is ``None`` when there are problems."""

    policy: Policy | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def load_policy(root: Path, environ: Mapping[str, str] = os.environ) -> Policy:
    """The policy of the site in ``root``. Raises ``InvalidFiles``, an ``InputError``."""
    reading = read_policy(root, environ)
    if reading.policy is None:
        raise InvalidFiles(f"the policies in {root} cannot be used", reading.problems)
    return reading.policy


def source_files(root: Path) -> list[str]:
    """The files a policy is made of, as names relative to ``root``, in a stable order."""
    found = [SITE_FILE, *(f for f in timetable_files.FILES if (root / f).exists())]
    for folder, endings, start in (
        (SERVICES, (".yaml", ".yml"), ""),
        (LISTS, (".txt",), "never-inspect"),
    ):
        try:
            names = sorted(entry.name for entry in os.scandir(root / folder))
        except OSError:
            continue
        found.extend(
            f"{folder}/{name}"
            for name in names
            if name.endswith(endings) and name.startswith(start) and not name.startswith(".")
        )
    return found


def _not_read(root: Path) -> list[Problem]:
    """A warning for each file that looks like a service or a list, but is not read as one."""
    read = {*source_files(root), f"{LISTS}/subscriptions.yaml"}  # proxy.blocking reads that
    found = []
    for folder, expected in (
        (SERVICES, "such as name.yaml"),
        (LISTS, "such as never-inspect-ours.txt"),
    ):
        try:
            names = sorted(entry.name for entry in os.scandir(root / folder) if entry.is_file())
        except OSError:
            continue
        for name in names:
            if name.startswith(".") or name.endswith(("~", ".md")) or f"{folder}/{name}" in read:
                continue
            message = f"this file is not read, expected a name {expected}"
            found.append(Problem(f"{folder}/{name}", 1, 1, message))
    return found


def read_policy(
    root: Path,
    environ: Mapping[str, str] = os.environ,
    cache: CompileCache | None = None,
) -> Reading:
    """Read, check and compile everything; all problems and warnings at once."""
    return _Reader(Path(root).absolute(), environ, {} if cache is None else cache).read()


class _Reader:
    def __init__(self, root: Path, environ: Mapping[str, str], cache: CompileCache) -> None:
        self.root = root
        self.environ = environ
        self.cache = cache
        self.used: CompileCache = {}
        self.reading = Reading()
        self.hash = hashlib.sha256()
        self.compiled: list[Compiled] = []
        self.never: list[tuple[str, RuleRef]] = []
        self.timetable_sources: dict[str, bytes] = {}

    def read(self) -> Reading:
        site, site_document, raw = read_site(self.root, self.environ)
        self.reading.problems.extend(site_document.problems)
        self._note(SITE_FILE, raw)
        for file in source_files(self.root)[1:]:
            self._read_file(file)
        self._check_unique()
        services = {compiled.service.name: compiled.service for compiled in self.compiled}
        timetable = timetable_files.read_timetable(self.timetable_sources, services)
        self.reading.problems.extend(timetable.problems)
        if site is not None:
            self._check_addresses(site)
        if site is not None and not self.reading.problems:
            self.reading.policy = self._policy(site, timetable.timetable)
            self.reading.warnings = sorted(
                [
                    *advise(self.reading.policy, site_document, self.compiled),
                    *_not_read(self.root),
                ]
            )
            self.cache.clear()
            self.cache.update(self.used)
        return self.reading

    def _note(self, file: str, raw: bytes) -> None:
        """Names and lengths are hashed too, so that no two sets of files look alike."""
        self.hash.update(f"{len(file.encode())} {file} {len(raw)} ".encode())
        self.hash.update(raw)

    def _read_file(self, file: str) -> None:
        try:
            raw = (self.root / file).read_bytes()
        except OSError as error:
            what = error.strerror or "unknown error"
            self.reading.problems.append(Problem(file, 1, 1, f"cannot read this file: {what}"))
            return
        self._note(file, raw)
        if file in timetable_files.FILES:
            self.timetable_sources[file] = raw
            return
        if file.startswith(LISTS):
            hosts, problems = parse_never_inspect(raw, file)
            self.never.extend(hosts)
            self.reading.problems.extend(problems)
        else:
            self._service(file, raw)

    def _service(self, file: str, raw: bytes) -> None:
        key = (file, hashlib.sha256(raw).digest())
        compiled = self.cache.get(key)
        if compiled is None:
            document = parse_document(raw, file)
            written = validate(document, ServiceFile)
            compiled = None if written is None else compile_service(document, written)
            self.reading.problems.extend(document.problems)
        if compiled is not None:
            self.used[key] = compiled
            self.compiled.append(compiled)

    def _check_unique(self) -> None:
        names: dict[str, Compiled] = {}
        hosts: dict[str, Compiled] = {}
        for compiled in self.compiled:
            first = names.setdefault(compiled.service.name, compiled)
            if first is not compiled:
                message = f"another service has this name ({first.document.file}), choose another"
                self.reading.problems.append(compiled.document.problem(("service",), message))
            for index, host in enumerate(compiled.service.hosts):
                owner = hosts.setdefault(host, compiled)
                if owner is not compiled:
                    message = f"{host} already belongs to {owner.service.name}, remove one"
                    place = ("hosts", index)
                    self.reading.problems.append(compiled.document.problem(place, message))

    def _check_addresses(self, site: Site) -> None:
        """E-mail pseudonyms end in the site's domain: whether they are short enough there."""
        length = TOKEN_LENGTH + 1 + len(site.pseudonym_domain)
        for compiled in self.compiled:
            for place, most in compiled.addresses:
                if length > most:
                    message = (
                        f"e-mail pseudonyms have {length} characters with pseudonym_domain "
                        f"{site.pseudonym_domain}, max_length is {most}: use a shorter domain"
                    )
                    self.reading.problems.append(compiled.document.problem(place, message))

    def _policy(self, site: Site, timetable: Timetable) -> Policy:
        return Policy(
            site=site,
            digest=self.hash.hexdigest()[:16],
            services=[_with_plan(compiled, site) for compiled in self.compiled],
            treatment_refs={c.service.name: c.treatment_ref for c in self.compiled},
            charter_refs={c.service.name: c.charter_ref for c in self.compiled},
            never_inspect=self.never,
            timetable=timetable,
        )


def _with_plan(compiled: Compiled, site: Site) -> Service:
    """The service with its plan of privacy, which follows the site too; made when that changes."""
    words_of_site = (site.privacy, site.cookies_kept_for)
    if compiled.planned is None or compiled.planned[0] != words_of_site:
        written = compiled.written.privacy
        kept = (*site.cookies_kept_for, *written.third_party_cookies_kept_for)
        said = words(compiled.document, written)
        made = plan(site.privacy, said, compiled.service.hosts, kept, SITE_FILE)
        compiled.planned = (words_of_site, replace(compiled.service, privacy=made))
    return compiled.planned[1]
