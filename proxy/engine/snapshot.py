"""What the engine reads for one request: everything immutable, swapped whole by reference.

A request keeps the snapshot it started with, so a reload in between never mixes two
policies or two directories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from proxy.blocking import Blocker
from proxy.content.limits import Limits
from proxy.directory.index import Index
from proxy.engine.decide import View
from proxy.engine.exchange import Client
from proxy.marks import Marks
from proxy.policy.policy import Policy
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.rights.view import RightsView
from proxy.timetable import Person, Sheet, Switches

_TARGETS = 8192


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Policy, directory and lists of one moment."""

    policy: Policy
    index: Index
    blocker: Blocker
    make_pseudonymiser: Callable[[str], Pseudonymiser]
    variants: Mapping[Switches, Blocker] = field(default_factory=dict)
    """The lists without those that a rule switches off, for each set of them."""
    rights: RightsView | None = None
    """``None`` where nothing is sent (``preau explain``)."""
    _made: dict[str, Pseudonymiser] = field(default_factory=dict)
    _limits: dict[bool, Limits] = field(default_factory=dict)
    plain_targets: Marks = field(default_factory=lambda: Marks(_TARGETS))
    """Targets that were read under this snapshot and held nothing to change."""

    def view(self, client: Client, now: float) -> View:
        """Policy and lists as they hold for a client at a moment.

        Lists that are not compiled (yet) without some of them hold whole: more is blocked.
        """
        policy = self.policy
        if not policy.timetable.entries:
            return View(policy, self.blocker)
        return self.view_by(
            policy.timetable.sheet(Person(client.school, client.group, client.classes), now)
        )

    def view_by(self, sheet: Sheet) -> View:
        """Policy and lists as a sheet has them."""
        policy = self.policy
        variant = self.variants.get(sheet.switches) if sheet.switches else None
        if variant is None:
            return View(policy, self.blocker, sheet)
        return View(policy, variant, sheet, self.blocker)

    def limits(self, signed_allowed: bool) -> Limits:
        """How far content is read, as the site says; made on first use."""
        made = self._limits.get(signed_allowed)
        if made is None:
            site = self.policy.site.limits
            made = self._limits[signed_allowed] = Limits(
                expanded=site.expanded,
                ratio=site.expansion_ratio,
                nesting=site.nesting,
                signed_allowed=signed_allowed,
                streamed=site.streamed,
            )
        return made

    def pseudonymiser(self, service: str) -> Pseudonymiser:
        """The pseudonymiser of a service of this policy, made on first use."""
        made = self._made.get(service)
        if made is None:
            made = self._made[service] = self.make_pseudonymiser(service)
        return made
