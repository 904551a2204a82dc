"""A site opened for work: policy, keys, store, directory, lists, audit log, metrics.

One owner for every part and every swap. ``snapshot`` is what requests read; ``refresh``
replaces it whole when policy, lists or directory changed, and leaves it as it is when the
new one is broken.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from proxy.audit import (
    AuditLog,
    ClientKeys,
    Event,
    NoteError,
    fit,
    make_event,
    open_audit,
)
from proxy.audit.operators import Operator
from proxy.audit.outgoing.lag import lags
from proxy.audit.upkeep import end_retention
from proxy.blocking import ListFile, ListReport, build, open_blocker
from proxy.blocking.cname import Names
from proxy.blocking.subscriptions import site_lists
from proxy.blocking.tallies import Tallies
from proxy.blocking.variants import OnDemand, Switched, breathe, giving_way
from proxy.directory import building_process
from proxy.directory.index import Directory, Index
from proxy.engine import Client, Engine
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError, PreauError, Refused
from proxy.fleet import Part, worker_name
from proxy.frontends.status import Check
from proxy.metrics import Metrics, StoreOperation
from proxy.policy import authorities
from proxy.policy.holder import PolicyHolder, ReloadOutcome
from proxy.policy.policy import load_policy
from proxy.policy.site_schema import SharedNames
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.keyfiles import erasure_folder
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.values import ValueSealer
from proxy.pseudonyms.vault import Vault
from proxy.rights import canaries, objections
from proxy.rights.consents import Consents
from proxy.rights.erasing import carry_out
from proxy.rights.sightings import Sightings
from proxy.rights.view import RightsView
from proxy.sharing import Sharing
from proxy.site import Site
from proxy.site_facts import SiteFacts
from proxy.store import Store, open_store
from proxy.timetable import Entry, Person
from proxy.timetable.told import Ends

log = logging.getLogger("preau.runtime")

AUDIT_KEY = "audit-ed25519.pem"


def open_snapshot(root: Path) -> Snapshot:
    """Policy and lists alone, for ``explain``: needs no keys, store or log."""
    policy = load_policy(root)

    def no_pseudonyms(service: str) -> Pseudonymiser:
        raise PreauError(f"{service}: this command does not pseudonymise")

    lists = _lists(policy.site)
    return Snapshot(
        policy,
        Index.empty(canonical),
        build(lists),
        no_pseudonyms,
        OnDemand(lists),
    )


def open_log(site: Site, gateway: str = "preau", *, may_write: bool = True) -> AuditLog:
    """The site's audit log: this process becomes its writer, or talks to the one there is."""
    keys = ClientKeys(site.audit_dir / "client-keys")
    return open_audit(
        site.audit_dir,
        key_path=site.keys_dir / AUDIT_KEY,
        origin=f"preau.example/{fit('gateway', site.name)}",
        gateway=gateway,
        may_write=may_write,
        operator=Operator(keys, site.audit_dir / "operators", gateway),
    )


class Runtime:
    """An open site. ``open`` it, read ``snapshot()``, call ``refresh`` every second or so."""

    def __init__(
        self,
        holder: PolicyHolder,
        keys: Keys,
        store: Store,
        audit: AuditLog,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self.site = holder.current.site
        self.store = store
        self.audit = audit
        self.metrics = metrics
        self.names = Names()
        self.engine = Engine(self.snapshot, metrics, clock, self.count_hit, self.names)
        self._holder = holder
        self._keys = keys
        self._sealer = ValueSealer(keys)
        self._vault = Vault(self._sealer, store)
        self._sightings = Sightings(store, self._sealer)
        self._expired_on = self._pruned_on = 0
        self._serves = False
        self._client_keys = ClientKeys(self.site.audit_dir / "client-keys")
        self._directory = Directory(
            store,
            self._sealer,
            self.site.school_domains,
            self.site.state_dir / building_process.FOLDER,
            lambda: building_process.build(self.site.root),
        )
        self._count_directory()
        lists = _lists(self.site)
        self._lists_seen = _fingerprint(lists)
        self._lists_problem = ""
        self._blocker = open_blocker(lists, self.site.cache_dir)
        self._leaving: list[object] = []
        self._tallies = Tallies(self.site.state_dir, clock())
        self._switched = Switched(self.site.cache_dir)
        self._ends = Ends(self.site.state_dir)
        self._plan_switches()
        self._rights = self._make_rights()
        self._snapshot = self._make_snapshot()
        self._sharing = Sharing(store, metrics, worker_name(self.site.state_dir))

    @classmethod
    def open(
        cls, root: Path, clock: Callable[[], float] = time.time, *, may_write: bool = True
    ) -> Self:
        """Open a site for work. Raises ``InputError``: what is missing, and what to do.

        ``clock`` says what time it is for rules and exceptions. Without ``may_write`` another
        process writes the audit log (``proxy.supervisor.writer``).
        """
        holder = PolicyHolder(root)
        site = holder.current.site
        authorities.check(site)
        with contextlib.ExitStack() as undo:
            try:
                keys = Keys.load(site.keys_dir)
                store = open_store(site.store_url)
                undo.callback(store.close)
                keys.bind(store)
                audit = open_log(site, may_write=may_write)
                undo.callback(audit.close)
                runtime = cls(holder, keys, store, audit, Metrics(), clock)
            except Refused as error:
                # Nothing was refused to anybody: this site cannot be opened as it is.
                raise InputError(str(error)) from error
            undo.pop_all()
        return runtime

    def close(self) -> None:
        """Say that the gateway stops, if it served; seal the log, close the store."""
        self._keep_tallies(due=True)
        self._tell_volumes(all=True)
        if self._serves:
            self._record([make_event("gateway-stopped")])
        with contextlib.suppress(Refused):  # a store that is gone: half a minute of figures
            self._sightings.write()
        self.audit.close()
        self.store.close()

    def snapshot(self) -> Snapshot:
        """What requests read from here on."""
        return self._snapshot

    def client(self, address: str) -> Client:
        """Who asks, from an IP address: school, group, and a hash that forgets."""
        known = self._holder.current.site.client_of(address)
        hashed = self._client_keys.hash(address)
        return Client(known.school, known.group, hashed, known.classes, known.restore_scope)

    def started(self) -> None:
        """Say in the log and the metrics which policy is in force."""
        policy = self._snapshot.policy
        self.metrics.policy_loaded(policy.digest, policy.services)
        self._lists_metrics(_lists(self.site))
        self.metrics.registry.register(SiteFacts(self.site))
        self.metrics.store_up.set(1)  # it answered when the directory was read
        self.metrics.audit_up.set(self.audit.status().healthy)
        self._outgoing_metrics()
        started = make_event("gateway-started", policy=policy.digest, count=len(policy.services))
        self._put([started])
        self._serves = True

    def refresh(self) -> None:
        """Take in what changed on disk or in the store. Never raises for what is broken there."""
        outcome = self._holder.reload_if_changed()
        if self._leaving:  # one part of the lists that were: letting all go would hold requests up
            self._leaving.pop()
        try:
            self._new_lists()
            self._new_index()
            self._new_rights()
            self._expire_vault()
            self._prune_log()
            self._plan_switches()
            self._tell_ends()
            self._keep_tallies()
            self._tell_volumes()
        finally:
            # By what is in force, not by what was just seen to change: a failure on the way
            # must not leave a policy that was applied out of the snapshot for ever.
            if not self._is_current():
                self._snapshot = self._make_snapshot()
            self.metrics.audit_up.set(self.audit.status().healthy)
        self._outgoing_metrics()
        self._share()
        if outcome:
            self._tell(outcome)

    def checks(self) -> Mapping[str, Callable[[], Check]]:
        """What must work for the gateway to be ready: by name."""
        return {"store": self._check_store, "audit": self._check_audit}

    # --- inside ---

    def _is_current(self) -> bool:
        seen = self._snapshot
        return (
            seen.policy is self._holder.current
            and seen.index is self._directory.index
            and seen.blocker is self._blocker
            and seen.variants is self._switched.variants
            and seen.rights is self._rights
        )

    def _make_snapshot(self) -> Snapshot:
        policy, index = self._holder.current, self._directory.index
        domain = policy.site.pseudonym_domain

        def pseudonymiser(service: str) -> Pseudonymiser:
            options = policy.services[service].pseudonyms
            return Pseudonymiser(
                self._keys, service, index, self.store, domain, self._vault, options
            )

        return Snapshot(
            policy, index, self._blocker, pseudonymiser, self._switched.variants, self._rights
        )

    def _make_rights(self) -> RightsView:
        """Objections, canaries and erasures of the store as they are now."""
        version, site = self.store.notes.version(), self._holder.current.site
        carry_out(self.store, self._keys.tree, erasure_folder(site.keys_dir))
        self._rights_of = (version, self._directory.index, self._holder.current)
        return RightsView(
            self.store,
            Consents(self.store, self._sealer),
            self._sightings,
            objections.load(self.store, self._sealer),
            canaries.load(self.store, self._sealer, self._keys, self._holder.current.services),
            site.shared_names is SharedNames.IGNORE,
            version,
        )

    def _new_rights(self) -> None:
        """As the directory: what cannot be read stays as it was, and the metrics say so."""
        try:
            version, index, policy = self._rights_of
            if (
                self.store.notes.version() != version
                or index is not self._directory.index
                or policy is not self._holder.current
            ):
                self._rights = self._make_rights()
            self._sightings.write_when_due()
        except Refused as error:
            self.metrics.store_up.set(0)
            self.metrics.store_errors[StoreOperation.DIRECTORY].inc()
            log.error("rights not reloaded, the last ones stay: %s", error.reason.value)

    def _new_index(self) -> None:
        try:
            changed = self._directory.refresh()
        except Refused as error:
            self.metrics.store_up.set(0)
            self.metrics.store_errors[StoreOperation.DIRECTORY].inc()
            log.error("directory not reloaded, the last one stays: %s", error.reason.value)
            return
        self.metrics.store_up.set(1)
        if changed:
            self._count_directory()

    def _share(self) -> None:
        """Tell the other gateways what is in force here."""
        seen = self._snapshot
        self._sharing.tick(
            {
                Part.POLICY: seen.policy.digest,
                Part.LISTS: seen.blocker.digest[:16],
                Part.DIRECTORY: str(self._directory.index.version),
            }
        )

    def _expire_vault(self) -> None:
        """Once a day; any worker may, a second one finds nothing to do."""
        today = int(time.time() // 86_400)
        if today == self._expired_on:
            return
        try:
            self._vault.expire(self._holder.current.site.vault_retention_months * 31)
        except Refused as error:
            self.metrics.store_errors[StoreOperation.VAULT].inc()
            log.error("vault not cleared of what is too old: %s", error.reason.value)
            return
        self._expired_on = today

    def _prune_log(self) -> None:
        """Once a day; one process does it, the others find it busy or done.

        In a thread of its own: a reload must not wait for it.
        """
        today = int(time.time() // 86_400)
        if today != self._pruned_on:
            self._pruned_on = today
            threading.Thread(target=self._prune, name="audit-prune", daemon=True).start()

    def _prune(self) -> None:
        try:
            ended = end_retention(self._holder.current.site, self.audit, self._client_keys)
            if not ended.held:
                self._sightings.expire()
        except (OSError, NoteError, Refused) as error:
            log.error("log and sightings not pruned: %s", type(error).__name__)

    def _plan_switches(self) -> None:
        """Compile the lists that rules will want without some of them, before they do."""
        policy = self._holder.current
        people = {Person(c.school, c.group, c.classes) for c in policy.site.networks.clients()}

        def lists() -> list[ListFile]:
            return _lists(self.site)

        try:
            self._switched.plan(policy.timetable, people, self._blocker, lists, self._clock())
        except (OSError, PreauError) as error:
            self._lists_rejected(error)

    def _tell_ends(self) -> None:
        """An event for each exception that came to its end."""
        policy = self._holder.current

        def record(over: Sequence[Entry]) -> None:
            self._put([_expired(one, policy.digest) for one in over])

        try:
            self._ends.tell(policy.timetable, self._clock(), record)
        except Refused as error:
            log.error("ends of exceptions not recorded: %s", error.reason.value)
        except OSError as error:
            log.error("ends of exceptions not kept: %s", error.strerror)

    def _keep_tallies(self, due: bool = False) -> None:
        names = [report.name for report in self._blocker.reports]
        keep = self._tallies.flush if due else self._tallies.flush_if_due
        try:
            keep(names, self._clock())
        except OSError as error:
            log.error("hits of lists not written: %s", error.strerror)

    def _tell_volumes(self, *, all: bool = False) -> None:
        try:
            self.engine.volumes.tell(self._holder.current.digest, self._put, all=all)
        except Refused as error:
            log.error("bytes not recorded, kept for the next time: %s", error.reason.value)

    def _count_directory(self) -> None:
        for kind, count in self._directory.index.counts().subjects.items():
            self.metrics.subjects[kind].set(count)

    def _new_lists(self) -> None:
        try:
            lists = _lists(self.site)
            seen = _fingerprint(lists)
            if seen == self._lists_seen:
                return
            # Seen, whatever comes of it: lists that cannot be compiled are tried again when
            # they change, not every second.
            self._lists_seen = seen
            before = self._blocker
            with giving_way():
                self._blocker = open_blocker(lists, self.site.cache_dir, breathe)
        except (OSError, PreauError) as error:
            self._lists_rejected(error)
            return
        self._leaving += before.parts()
        self._lists_problem = ""
        self._lists_metrics(lists)
        digest = self._blocker.digest[:16]
        new = [report for report in self._blocker.reports if report not in before.reports]
        self._record([_list_updated(report, digest) for report in new])

    def _lists_rejected(self, error: OSError | PreauError) -> None:
        """Say once that the last good lists stay: this is asked every second."""
        text = str(error) if isinstance(error, PreauError) else type(error).__name__
        if text != self._lists_problem:
            self._lists_problem = text
            log.error("lists not reloaded, the last good ones stay: %s", text)
            self._record([make_event("list-rejected", list="block-lists", problems=1)])

    def _lists_metrics(self, lists: list[ListFile]) -> None:
        changed = {item.name: item.path.stat().st_mtime for item in lists if item.path.exists()}
        self.metrics.lists_loaded(
            (report.name, report.rules, changed.get(report.name, 0.0))
            for report in self._blocker.reports
        )

    def _outgoing_metrics(self) -> None:
        try:
            found = lags(self.site)
        except (OSError, PreauError) as error:
            log.error("what leaves the log is not measured: %s", type(error).__name__)
            return
        self.metrics.outgoing({lag.name: (lag.events, lag.good) for lag in found})

    def _tell(self, outcome: ReloadOutcome) -> None:
        if outcome.applied:
            self.metrics.policy_loaded(outcome.digest, self._snapshot.policy.services)
            log.warning("policy %s is in force", outcome.digest)
            self._record([make_event("policy-loaded", policy=outcome.digest)])
            return
        self.metrics.policy_rejected()
        for problem in outcome.problems:
            log.error("policy rejected, the last good one stays: %s", problem)
        rejected = make_event(
            "policy-rejected", policy=outcome.digest, problems=len(outcome.problems)
        )
        self._record([rejected])

    def _record(self, events: list[Event]) -> None:
        try:
            self._put(events)
        except Refused as error:
            log.error("not recorded: %s", error.reason.value)

    def count_hit(self, name: str) -> None:
        """A list decided about a request."""
        self._tallies.hit(name, self._clock())
        self.metrics.list_hits[name].inc()

    def _put(self, events: list[Event]) -> None:
        started = time.perf_counter()
        self.audit.record_sync(events)
        self.metrics.recorded((str(e["type"]) for e in events), time.perf_counter() - started)

    def _check_store(self) -> Check:
        try:
            self.store.ping()
        except Refused as error:  # names the server, no account and no value
            return Check(False, f"circuit {self.store.circuit.value}; {error.detail}")
        return Check(True, f"directory version {self._directory.index.version}")

    def _check_audit(self) -> Check:
        status = self.audit.status()
        return Check(status.healthy, status.failure or f"{status.role}, {status.size} events")


def _expired(entry: Entry, digest: str) -> Event:
    return make_event(
        "exception-expired",
        exception=fit("exception", entry.name),
        rule=fit("rule", str(entry.ref)),
        policy=digest,
    )


def _lists(site: Site) -> list[ListFile]:
    return site_lists(site.root, site.state_dir)


def _fingerprint(lists: list[ListFile]) -> tuple[tuple[ListFile, int, int], ...]:
    seen = []
    for item in lists:
        stat = item.path.stat()
        seen.append((item, stat.st_mtime_ns, stat.st_size))
    return tuple(seen)


def _list_updated(report: ListReport, digest: str) -> Event:
    """One list of a new set; ``digest`` is that of the whole set."""
    return make_event(
        "list-updated", list=fit("list", report.name), entries=report.rules, digest=digest
    )
