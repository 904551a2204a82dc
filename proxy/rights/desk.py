"""The desk: where a person's rights are exercised. Every act is an event before it is done, except
looking somebody up, which is recorded nowhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from proxy.audit import AuditLog, Event, make_event
from proxy.directory.index import Index
from proxy.errors import InputError
from proxy.policy.policy import Policy
from proxy.pseudonyms.keyfiles import erasure_folder
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.values import ValueSealer
from proxy.rights import canaries, consents, objections
from proxy.rights.consents import Consent
from proxy.rights.erasing import Erasure, Tools, carry_out, erase
from proxy.rights.known import Known, known_of
from proxy.rights.objections import EVERY_SERVICE
from proxy.rights.people import Held, People, Subject
from proxy.site import Site
from proxy.store import Store


class Desk:
    """An open site, without a gateway."""

    def __init__(
        self,
        policy: Policy,
        keys: Keys,
        store: Store,
        index: Index,
        open_log: Callable[[Site], AuditLog],
        reindex: Callable[[], object],
    ) -> None:
        self.site: Site = policy.site
        self.store, self.index = store, index
        self.sealer = ValueSealer(keys)
        self.people = People(store, index, self.sealer)
        self._policy, self._keys, self._open_log = policy, keys, open_log
        self._reindex = reindex

    def find(self, text: str) -> list[Subject]:
        """Whom a text may mean. Canaries are nobody."""
        hidden = canaries.refs(self.store)
        return [subject for subject in self.people.find(text) if subject.ref not in hidden]

    def report(self, subject: Subject) -> Known:
        """All that is known of somebody."""
        held = self.people.held(subject)
        known = known_of(self, subject, held)
        with self._recorded(make_event("subject-reported", count=len(held))):
            return known

    def pseudonymiser(self, service: str) -> Pseudonymiser:
        """A service's pseudonyms, for a report."""
        options = self._policy.services[service].pseudonyms
        domain = self.site.pseudonym_domain
        return Pseudonymiser(self._keys, service, self.index, self.store, domain, None, options)

    @property
    def policy(self) -> Policy:
        """The policy in force when the desk was opened."""
        return self._policy

    def object(self, subject: Subject, services: Sequence[str], *, every: bool) -> list[str]:
        """Object to services; those that are new."""
        names = [EVERY_SERVICE] if every else [self._service(name) for name in services]
        events = [make_event("objection-recorded", service=_word(name)) for name in names]
        with self._recorded(*events):
            return objections.record(self.store, self.sealer, subject.ref, names, date.today())

    def withdraw(self, subject: Subject, services: Sequence[str], *, every: bool) -> list[str]:
        """Withdraw objections; those that there were. ``every``: all of them."""
        there = objections.of(self.store, self.sealer, subject.ref)
        names = list(there) if every else [name for name in services if name in there]
        events = [make_event("objection-withdrawn", service=_word(name)) for name in names]
        with self._recorded(*events):
            return objections.withdraw(self.store, self.sealer, subject.ref, names)

    def consent(self, subject: Subject, by: str, until: date | None) -> Consent:
        """Record consent to pictures."""
        given = Consent(date.today(), until, by)
        if until is not None and until < given.given:
            raise InputError("a consent cannot end before it begins; give a later day")
        with self._recorded(make_event("consent-recorded", act="photos-given")):
            consents.give(self.store, self.sealer, subject.ref, given)
        return given

    def withdraw_consent(self, subject: Subject) -> None:
        """From the next picture on there is none."""
        with self._recorded(make_event("consent-recorded", act="photos-withdrawn")):
            consents.withdraw(self.store, subject.ref)

    def erase(self, subject: Subject) -> Erasure:
        """Destroy what is held of somebody."""
        tools = self._tools()
        held = self.people.held(subject)
        with self._log() as log:  # what cannot be recorded is not done
            done = erase(tools, [subject], held)
            event = make_event("subject-erased", values=done.values, count=done.records)
            log.record_sync([event])
        self._reindex()
        return done

    def planted(self) -> list[tuple[canaries.Canary, list[Held]]]:
        """The canaries and what makes them up."""
        found = []
        for canary in canaries.planted(self.store, self.sealer):
            subject = self.people.subject(canary.ref)
            found.append((canary, self.people.held(subject) if subject else []))
        return found

    def listed_canaries(self) -> list[tuple[canaries.Canary, list[Held]]]:
        """The same for somebody's eyes: their names are as secret as a password."""
        with self._recorded(make_event("admin-act", act="canary-list")):
            return self.planted()

    def canaries_planted(self, count: int, school: str) -> list[canaries.Canary]:
        """Plant canaries."""
        domain = next(iter(self.site.school_domains), "")
        event = make_event("canary-planted", act="plant", count=count)
        with self._recorded(event):
            made = canaries.plant(
                self.store, self.sealer, self.index, count, school=school, domain=domain
            )
        self._reindex()
        return made

    def canaries_removed(self) -> int:
        """Take all canaries out of the directory."""
        gone = [s for ref in canaries.refs(self.store) if (s := self.people.subject(ref))]
        with self._recorded(make_event("canary-planted", act="remove", count=len(gone))):
            if gone:
                held = [value for subject in gone for value in self.people.held(subject)]
                erase(self._tools(), gone, held, mark=False)
        self._reindex()
        return len(gone)

    def _tools(self) -> Tools:
        folder = erasure_folder(self.site.keys_dir)
        carry_out(self.store, self._keys.tree, folder)
        return Tools(self.store, self.sealer, self.index, self._keys.tree, folder)

    def _service(self, name: str) -> str:
        if name not in self._policy.services:
            known = ", ".join(sorted(self._policy.services))
            raise InputError(f"no service {name} in the policy; there are: {known}")
        return name

    @contextlib.contextmanager
    def _recorded(self, *events: Event) -> Iterator[None]:
        """The act, then its event; the log is open before the act."""
        with self._log() as log:
            yield
            if events:
                log.record_sync(list(events))

    def _log(self) -> contextlib.AbstractContextManager[AuditLog]:
        return contextlib.closing(self._open_log(self.site))


def _word(service: str) -> str:
    return "every-service" if service == EVERY_SERVICE else service
