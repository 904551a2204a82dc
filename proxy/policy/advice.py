"""Warnings: what is valid, but surely not what was meant, or not good enough for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from proxy.policy.compile import Compiled
from proxy.policy.document import Document
from proxy.policy.model import OnProfiling, Treatment
from proxy.policy.problems import Problem
from proxy.policy.service_schema import Adhesion, TransferBasis
from proxy.policy.site_schema import RestoreScope
from proxy.retention import ADVISED, EventClass

if TYPE_CHECKING:
    from proxy.policy.policy import Policy
    from proxy.site import Site

# The countries where the GDPR holds: the EU, by the EEA agreement IS, LI and NO, and French
# territories with a code of their own that are part of the Union (TFEU, Art. 355).
GDPR_COUNTRIES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
    "IS LI NO GF GP MF MQ RE YT".split(" ")
)


def advise(policy: Policy, site: Document, compiled: Sequence[Compiled]) -> Iterator[Problem]:
    """Every warning, each at the line that can be mended."""
    yield from _site(policy.site, site)
    if not compiled:
        yield Problem("services", 1, 1, "there is no service here: every host is unknown")
    for one in compiled:
        yield from _charter(policy.site, one)
        yield from _jurisdiction(one)
        yield from _reach(policy, one)
        yield from _rules(one)
        if one.service.profiling.do is OnProfiling.ALLOW:
            message = f"reports on how people behave go to {one.service.title}, say why in a remark"
            yield one.document.problem(("profiling",), message, key=True)


def _site(site: Site, document: Document) -> Iterator[Problem]:
    def warn(key: str, message: str) -> Problem:
        return document.problem((key,), message, key=True)

    if site.pseudonym_domain.endswith(".invalid"):
        yield warn(
            "pseudonym_domain",
            "e-mail pseudonyms use a domain that does not exist: some services refuse it, "
            "set pseudonym_domain to a sub-domain you own",
        )
    if not site.school_domains:
        yield warn("school_domains", "no e-mail domain of yours is known, list them")
    if not site.contact.address:
        yield warn("contact", "refusal pages cannot say whom to ask, set contact.address")
    if not document.values.get(("networks", 0)):
        yield warn("networks", "no network is described: every client is in no school, list them")
    if site.restore_scope is RestoreScope.CLASS:
        for index, network in enumerate(document.data.get("networks") or ()):
            if not network.get("classes") and not network.get("restore_scope"):
                message = (
                    "with 'restore_scope: class' who is here sees no pupil's name: name its "
                    "'classes', or give it a 'restore_scope' of its own"
                )
                yield document.problem(("networks", index), message)
    if not site.require_charter:
        yield warn("require_charter", "suppliers that never adhered are allowed")
    if site.profiling is not OnProfiling.BLOCK:
        yield warn("profiling", "reports on how people behave leave, whoever receives them")
    for key in ("unknown_service", "unidentified"):
        if getattr(site, key) is not Treatment.DENY:
            yield warn(key, "these connections pass unread, nothing protects what they carry")
    kept = (site.audit_retention.of(kind) for kind in EventClass if kind is not EventClass.FIGURES)
    if any(months not in ADVISED for months in kept):
        yield warn("audit", "the CNIL advises to keep such logs for 6 to 12 months")
    if site.status.host not in ("127.0.0.1", "::1", "localhost"):
        yield warn("status", "status and metrics can be reached from other machines")


def _charter(site: Site, one: Compiled) -> Iterator[Problem]:
    charter, service = one.written.charter, one.service
    if service.treatment is Treatment.DENY:
        return
    if charter.adhered is Adhesion.TO_CONFIRM:
        message = (
            f"nobody has confirmed that {service.supplier.name} adhered to the charter: "
            "when you have the paper, write 'adhered: yes', since and evidence"
        )
        yield one.document.problem(("charter", "adhered"), message, key=True)
    elif charter.adhered is Adhesion.YES and not charter.evidence.strip():
        message = "adhesion without evidence, write where the signed paper is"
        yield one.document.problem(("charter", "adhered"), message, key=True)
    elif charter.adhered is Adhesion.NO and site.require_charter:
        message = f"{service.name} is denied everywhere: its supplier has not adhered"
        yield one.document.problem(("charter", "adhered"), message, key=True)


def _jurisdiction(one: Compiled) -> Iterator[Problem]:
    supplier = one.written.supplier
    abroad = [c for c in supplier.jurisdictions if c not in GDPR_COUNTRIES]
    if abroad and not supplier.note.strip() and one.service.treatment is not Treatment.DENY:
        message = f"laws outside the EU ({', '.join(abroad)}) can reach the data, say why in a note"
        yield one.document.problem(("supplier", "jurisdictions"), message, key=True)
    yield from _transfer(one, abroad)


def _transfer(one: Compiled, abroad: Sequence[str]) -> Iterator[Problem]:
    """On what basis data leaves the EEA, if any does."""
    supplier, transfer = one.written.supplier, one.written.supplier.transfer
    not_adhered = one.written.charter.adhered is Adhesion.NO
    if one.service.treatment is Treatment.DENY or (transfer is None and not_adhered):
        return  # nothing leaves; where no charter is required, its adhesion is the question first
    outside = [c for c in (supplier.country, *abroad) if c not in GDPR_COUNTRIES]
    if transfer is None:
        if outside:
            message = (
                f"on what basis may data leave the EU ({', '.join(dict.fromkeys(outside))})? "
                "Write supplier.transfer.basis"
            )
            yield one.document.problem(("supplier",), message, key=True)
        return
    place = ("supplier", "transfer", "basis")
    if not outside:
        message = "a basis for transfers, but no country outside the EU: take one of them out"
        yield one.document.problem(place, message, key=True)
    elif transfer.basis is TransferBasis.TO_CONFIRM:
        message = (
            "nobody has confirmed on what basis data leaves the EU: when you know, write "
            "'basis' and 'evidence'"
        )
        yield one.document.problem(place, message, key=True)
    elif not transfer.evidence.strip():
        message = "a basis for transfers without evidence, write where the paper is"
        yield one.document.problem(place, message, key=True)


def _reach(policy: Policy, one: Compiled) -> Iterator[Problem]:
    """Hosts of an inspected service that the never-inspect list takes away."""
    if one.service.treatment is not Treatment.INSPECT:
        return
    taken = 0
    for index, host in enumerate(one.service.hosts):
        verdict = policy.verdict(host.replace("*", "any", 1))
        if verdict.treatment is Treatment.TUNNEL:
            taken += 1
            message = f"{host} is never inspected ({verdict.ref}), its rules cannot apply"
            yield one.document.problem(("hosts", index), message)
    if taken == len(one.service.hosts):
        message = f"{one.service.name} is never inspected on any of its hosts"
        yield one.document.problem(("treatment",), message, key=True)


def _rules(one: Compiled) -> Iterator[Problem]:
    treatment = one.service.treatment
    if treatment is not Treatment.INSPECT:
        for key in ("fields", "requests"):
            if getattr(one.written, key):
                message = f"field rules cannot apply: this service is '{treatment}', not 'inspect'"
                yield one.document.problem((key,), message, key=True)
        return
    for location in one.shadowed:
        yield one.document.problem(location, "this rule never decides: others always win over it")
    for first, second in one.ties:
        line = one.document.mark(first).line
        message = f"as precise as the rule at line {line} for a same value, which wins: join them"
        yield one.document.problem(second, message)
