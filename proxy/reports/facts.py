"""What a report is made from: the policy as written, and what the log holds.

The compiled policy forgets what only people read (a note, the evidence of an adhesion, why
a rule stands), so services come with the file they were written in, from the same reading:
one digest names both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proxy.audit.checkpoints import read_newest
from proxy.audit.errors import NoteError
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.note import Checkpoint
from proxy.kinds import Kind
from proxy.policy.advice import GDPR_COUNTRIES
from proxy.policy.model import Action, Treatment
from proxy.policy.policy import CompileCache, Policy, read_policy
from proxy.policy.problems import InvalidFiles
from proxy.policy.service_schema import RuleFile, ServiceFile, TransferBasis
from proxy.reasons import Reason
from proxy.reports.tally import Tally


@dataclass(frozen=True, slots=True)
class Treated:
    """What happens to one kind of data, and in how many places the policy says so."""

    kind: Kind
    action: Action
    to: str
    places: int
    whys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service, as written and as it works out."""

    written: ServiceFile
    denied: str
    """Why nothing goes there: a ``Reason``, or empty."""
    read_hosts: tuple[str, ...]
    """Its hosts whose traffic is read, and so protected."""
    unread_hosts: tuple[str, ...]
    """Its hosts that pass unread."""

    @property
    def name(self) -> str:
        """The short name, as in events."""
        return self.written.service

    @property
    def treatment(self) -> Treatment:
        """What happens in fact: a list of hosts never to inspect undoes what is written."""
        if self.read_hosts:
            return Treatment.INSPECT
        return Treatment.TUNNEL if self.unread_hosts else Treatment.DENY

    @property
    def is_read(self) -> bool:
        """Whether Préau reads, and so protects, what goes to any of its hosts."""
        return self.treatment is Treatment.INSPECT

    @property
    def abroad(self) -> tuple[str, ...]:
        """Countries outside the EEA where it is based or whose laws can reach the data."""
        supplier = self.written.supplier
        codes = dict.fromkeys((supplier.country, *supplier.jurisdictions))
        return tuple(code for code in codes if code not in GDPR_COUNTRIES)

    @property
    def basis(self) -> str:
        """The stated basis of its transfers; ``none`` when there should be one."""
        transfer = self.written.supplier.transfer
        return transfer.basis.value if transfer else "none"

    @property
    def basis_is_open(self) -> bool:
        """Whether data leaves the EEA and nobody has said on what basis."""
        return bool(self.abroad) and self.basis in ("none", TransferBasis.TO_CONFIRM.value)

    def treated(self) -> list[Treated]:
        """What its rules do, joined by kind and action, in the order of kinds."""
        found: dict[tuple[Kind, Action, str], tuple[int, dict[str, None]]] = {}
        for rule in rules_of(self.written):
            key = (rule.kind, Action(rule.do), rule.to.value if rule.to else "")
            places, whys = found.get(key, (0, {}))
            found[key] = (places + 1, whys | ({rule.why: None} if rule.why else {}))
        order = list(Kind)
        return [
            Treated(*key, places, tuple(whys))
            for key, (places, whys) in sorted(
                found.items(), key=lambda one: (order.index(one[0][0]), one[0][1], one[0][2])
            )
        ]


def rules_of(written: ServiceFile) -> Iterator[RuleFile]:
    """Every field rule of a service, wherever it stands."""
    yield from written.fields
    for named in (written.query, written.form, written.headers):
        yield from named.values()
    for request in written.requests:
        for named in (request.path, request.query, request.form, request.headers):
            yield from named.values()
        yield from request.body


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a report may say."""

    policy: Policy
    services: tuple[ServiceFacts, ...]
    """By title."""
    tally: Tally = field(default_factory=Tally)
    checkpoint: Checkpoint | None = None
    """The newest one of the log; ``None`` when there is no log yet."""
    has_log: bool = False

    def service(self, name: str) -> ServiceFacts | None:
        """The service of that name."""
        return next((one for one in self.services if one.name == name), None)


def read_facts(root: Path, log: Path | None, since: str = "", until: str = "") -> Facts:
    """Read a site and count its log (``None``: the site's own, if there is one)."""
    policy, services = read_services(root)
    directory = policy.site.audit_dir if log is None else log
    if not directory.is_dir():
        return Facts(policy, services)
    checkpoint = newest_checkpoint(directory)
    tally = Tally(since, until).read(directory)
    return Facts(policy, services, tally, checkpoint, has_log=True)


def read_services(root: Path) -> tuple[Policy, tuple[ServiceFacts, ...]]:
    """The policy and its services as written. Raises ``InvalidFiles``."""
    cache: CompileCache = {}
    reading = read_policy(root, cache=cache)
    if reading.policy is None:
        raise InvalidFiles(f"the policies in {root} cannot be used", reading.problems)
    policy = reading.policy
    found = [_service(policy, compiled.written) for compiled in cache.values()]
    return policy, tuple(sorted(found, key=lambda one: (one.written.title.casefold(), one.name)))


def _service(policy: Policy, written: ServiceFile) -> ServiceFacts:
    hosts: dict[Treatment, list[str]] = {one: [] for one in Treatment}
    denied = ""
    for host in written.hosts:
        verdict = policy.verdict(host.replace("*", "any", 1))
        hosts[verdict.treatment].append(host)
        denied = denied or verdict.reason
    read, unread = tuple(hosts[Treatment.INSPECT]), tuple(hosts[Treatment.TUNNEL])
    return ServiceFacts(written, "" if read or unread else denied, read, unread)


def newest_checkpoint(directory: Path) -> Checkpoint | None:
    """The newest signed checkpoint, verified; ``None`` when the log has none."""
    layout = Layout(directory)
    note = read_newest(layout)
    if note is None:
        return None
    try:
        return read_ring(layout).open(note)
    except OSError as error:
        raise NoteError(f"{error.filename}: {error.strerror}") from None


def denied_by_charter(one: ServiceFacts) -> bool:
    """Whether it is denied for want of adhesion."""
    return one.denied == Reason.CHARTER_NOT_ADHERED.value


def suppliers(services: Sequence[ServiceFacts]) -> dict[str, list[ServiceFacts]]:
    """Services by the name of their supplier."""
    found: dict[str, list[ServiceFacts]] = {}
    for one in services:
        found.setdefault(one.written.supplier.name, []).append(one)
    return dict(sorted(found.items(), key=lambda pair: pair[0].casefold()))
