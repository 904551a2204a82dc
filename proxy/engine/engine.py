"""The engine: four questions about a request, each answered by a ``Ruling``.

Life of a request:

1. ``begin``: the head is checked, the URL is decided (block, refuse, go on); the body is
   asked for whole (``Buffer``).
2. ``protect``: path, query, headers and body are rewritten: ``Forward``. A body that is longer
   than what is read whole: ``protect_passing`` with what has come, and it is a ``Stream``.
3. ``answer_head``: how the answer's body is read: whole, as a stream, or not at all.
4. ``restore``: pseudonyms in the answer become names again: ``Forward``; or
   ``restore_passing``, likewise.

Any exception becomes ``Refuse`` here, with an event; nothing an adapter does wrong can turn
it into "go on".
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace

from proxy.audit.events import Event
from proxy.audit.volumes import Volumes
from proxy.blocking import RequestType, answer, facts_of, stand_in
from proxy.blocking.cname import Names
from proxy.content.coding import bytes_escape_letters
from proxy.decisions import Buffer, Forward, Headers, Refuse, Reply, Resolve, Tunnel
from proxy.engine import (
    canonical,
    filtering,
    gate,
    leaving,
    pages,
    passing,
    record,
    returning,
    watching,
)
from proxy.engine.decide import Verdict, decide_host, decide_url, looks_behind
from proxy.engine.exchange import Client, Exchange, Head, new_incident
from proxy.engine.profiling import Watch
from proxy.engine.ruling import Ruling
from proxy.engine.snapshot import Snapshot
from proxy.errors import Refused
from proxy.metrics import Decision, Metrics, Phase
from proxy.policy.model import Service, Treatment
from proxy.privacy import Rule
from proxy.reasons import Reason
from proxy.store.patience import patient

log = logging.getLogger("preau.engine")


class Engine:
    """Decides on every request; holds no state of its own but where to find the snapshot."""

    def __init__(
        self,
        current: Callable[[], Snapshot],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        on_hit: Callable[[str], None] = lambda name: None,
        names: Names | None = None,
    ) -> None:
        self._current = current
        self._metrics = metrics
        self._watch = Watch(metrics)
        self._clock = clock
        self._on_hit = on_hit
        self._names = Names() if names is None else names
        self.volumes = Volumes()

    def connect(self, host: str, port: int, client: Client) -> Ruling:
        """The ruling on a CONNECT: ``Tunnel``, ``Inspect`` or ``Refuse``."""
        started = time.perf_counter()
        ruling = gate.at_connect(self._current(), host, port, client, self._clock())
        return self._counted_gate(ruling, started, final=False)

    def hello(
        self, host: str, port: int, sni: str | None, client: Client, *, hidden: bool = False
    ) -> Ruling:
        """The ruling on a ClientHello: ``Tunnel``, ``Inspect`` or ``Refuse`` (close).

        ``hidden``: the hello carries a second, encrypted name.
        """
        started = time.perf_counter()
        ruling = gate.at_hello(self._current(), host, port, sni, client, self._clock(), hidden)
        return self._counted_gate(ruling, started, final=True)

    def refuse_connection(self, client: Client, reason: Reason) -> Ruling:
        """Refuse a connection for what it is, not for where it goes (a limit of the worker's)."""
        self._metrics.refusals[reason].inc()
        return gate.deny(self._current(), client, reason)

    def begin(self, head: Head, client: Client, *, may_ask: bool = False) -> Ruling:
        """The ruling on a request's head: ``Buffer``, ``Reply`` (blocked) or ``Refuse``.

        Or ``Resolve``, if the caller ``may_ask``, when what the host stands for could decide
        and is not known (any more); afterwards the question comes again.
        """
        snapshot = self._current()
        started = time.perf_counter()
        try:
            ruling = self._begin(snapshot, head, client, may_ask)
        except Exception as error:
            return self._refuse(snapshot, head, client, None, _reason(error))
        self._metrics.overhead[Phase.BLOCK].observe(time.perf_counter() - started)
        return ruling

    @patient
    def protect(self, exchange: Exchange, body: bytes) -> Ruling:
        """The ruling on a whole request: ``Forward`` with what may leave, ``Reply`` to a report
        on behaviour, or ``Refuse``."""
        started = time.perf_counter()
        try:
            if (reported := self._watch.body(exchange, body)) is not None:
                return reported
            exchange.escapes = bytes_escape_letters(body)
            forward = leaving.whole(exchange, body)
        except Exception as error:
            return self.refuse(exchange, _reason(error))
        self._metrics.overhead[Phase.PROTECT].observe(time.perf_counter() - started)
        self._count(exchange)
        exchange.requests += 1
        exchange.sent += len(forward.target) + len(body if forward.body is None else forward.body)
        return Ruling(forward, watching.told(exchange) + record.request_events(exchange))

    @patient
    def protect_passing(self, exchange: Exchange, begins: bytes) -> Ruling:
        """The ruling on a request whose body ``begins`` so and is too long to be read whole.

        ``Stream``, or ``Reply`` or ``Refuse`` before a byte has left.
        """
        try:
            if (reported := self._watch.body(exchange, begins)) is not None:
                return reported
            stream = leaving.passing_by(exchange, begins)
        except Exception as error:
            return self.refuse(exchange, _reason(error))
        decision = Decision.PROTECT if exchange.hits else Decision.FORWARD
        self._metrics.requests[exchange.service.name, decision].inc()
        exchange.requests += 1
        exchange.sent += len(stream.target)
        return Ruling(stream, self.passed(exchange))

    def passed(self, exchange: Exchange) -> list[Event]:
        """The events of a request that was rewritten while it passed, since last asked."""
        self._count_identifiers(exchange)
        events = watching.told(exchange) + record.request_events(exchange)
        exchange.hits.clear()
        return events

    @patient
    def answer_head(self, exchange: Exchange, status: int, headers: Headers) -> Ruling:
        """How to read the answer: ``Buffer``, ``Stream``, or ``Forward`` without reading."""
        exchange.restored.clear()
        try:
            decision = returning.head(exchange, status, headers)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        if isinstance(decision, Buffer):
            exchange.restored.clear()  # ``restore`` reads the head again, with the body
            return Ruling(decision)
        self._count_removed(exchange.removed)
        events = record.alarms(exchange) + record.answer_events(exchange)
        exchange.restored.clear()
        return Ruling(decision, events)

    @patient
    def restore(self, exchange: Exchange, headers: Headers, body: bytes) -> Ruling:
        """The ruling on a whole answer: ``Forward`` with names restored, or ``Refuse``."""
        started = time.perf_counter()
        try:
            exchange.restored.clear()
            forward = returning.whole(exchange, headers, body)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        self._metrics.overhead[Phase.RESTORE].observe(time.perf_counter() - started)
        exchange.received += len(body)
        self._count_removed(exchange.removed)
        return Ruling(forward, record.alarms(exchange) + record.answer_events(exchange))

    @patient
    def restore_passing(self, exchange: Exchange, headers: Headers, begins: bytes) -> Ruling:
        """The ruling on an answer whose body ``begins`` so and is too long to be read whole."""
        try:
            exchange.restored.clear()
            stream = returning.passing_by(exchange, headers, begins)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        self._count_removed(exchange.removed)
        return Ruling(stream, self.streamed(exchange))

    def trailers(self, exchange: Exchange, fields: Headers) -> Headers:
        """Fields behind an answer's body, filtered as those before it. Their event is that of
        what is asked next: ``restore`` or ``streamed``."""
        return filtering.answer(exchange, fields)

    def streamed(self, exchange: Exchange) -> list[Event]:
        """The events of an answer that was restored while it passed, since last asked."""
        events = record.alarms(exchange) + record.answer_events(exchange)
        exchange.restored.clear()
        return events

    def torn(self, exchange: Exchange, error: BaseException, *, answer: bool) -> list[Event]:
        """The events of a body that was stopped half-way: what had passed, and the refusal."""
        events = self.passed(exchange) + self.streamed(exchange)
        reason = _reason(error) if isinstance(error, Exception) else Reason.ENGINE_ERROR
        return events + self.refuse(exchange, reason, answer=answer).events

    @patient
    def message(
        self, exchange: Exchange, from_client: bool, is_text: bool, content: bytes
    ) -> Ruling:
        """The ruling on a WebSocket message: ``Forward`` its new content, ``Drop``, ``Refuse``."""
        exchange.hits.clear()
        exchange.restored.clear()
        exchange.watch = None  # each message names its own people
        headers = ((b"content-type", _message_type(is_text, content)),)
        try:
            self._follow_policy(exchange)
            reported = self._watch.message(exchange, content) if from_client else None
            if reported is not None:
                return reported
            rewrite = leaving.message if from_client else returning.message
            written = rewrite(exchange, headers, content)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=not from_client)
        self._count(exchange)
        if from_client:
            exchange.sent += len(content if written is None else written)
        else:
            exchange.received += len(content)
        self.settle(exchange)
        events = watching.told(exchange) + record.request_events(exchange)
        return Ruling(Forward((), written), events + record.answer_events(exchange))

    def settle(self, exchange: Exchange) -> None:
        """Count what went and came since last asked: at the end of an exchange, or on its way."""
        requests, sent, received = exchange.requests, exchange.sent, exchange.received
        if sent or received:
            exchange.requests = exchange.sent = exchange.received = 0
            self.volumes.add(exchange.service.name, requests, sent, received)

    def refuse(self, exchange: Exchange, reason: Reason, *, answer: bool = False) -> Ruling:
        """Refuse an exchange that had begun, or only its answer: the request has left."""
        head, client = exchange.head, exchange.client
        ruling = self._refuse(
            exchange.snapshot, head, client, exchange.service, reason, answer=answer
        )
        told = exchange.take_events() + record.alarms(exchange)
        return replace(ruling, events=told + ruling.events)

    def refuse_head(self, head: Head | None, client: Client, reason: Reason) -> Ruling:
        """Refuse something that never became an exchange (an adapter's own error)."""
        return self._refuse(self._current(), head, client, None, reason)

    # --- the steps ---

    def _begin(self, snapshot: Snapshot, head: Head, client: Client, may_ask: bool) -> Ruling:
        canonical.check(head)
        facts = facts_of(head.method, head.host, head.target, head.headers)
        policy = snapshot.policy
        view = snapshot.view(client, self._clock())
        names = self._names.known(head.host)
        verdict = decide_url(view, head.host, head.url, facts, names or ())
        if verdict.block:
            return self._block(snapshot, head, client, verdict, facts.type)
        service = verdict.host.service
        if verdict.reason:
            rule = str(verdict.host.ref)
            ruling = self._refuse(snapshot, head, client, service, verdict.reason, rule)
            ruling.events.extend(record.passed(policy, client, verdict))
            script = stand_in(facts.type, head.method, head.headers, head.target, head.host)
            return ruling if script is None else replace(ruling, decision=script)
        if head.scheme != "https":
            return self._refuse(snapshot, head, client, service, Reason.PLAIN_HTTP)
        due = may_ask and self._names.is_due(head.host)
        if due and looks_behind(view, head.host, verdict, facts):
            return Ruling(Resolve(head.host))
        if verdict.host.treatment is Treatment.TUNNEL or service is None:
            # Only reached when policy changed between the handshake and the request: what was
            # decrypted under the old policy does not travel under the new one.
            return self._refuse(snapshot, head, client, service, Reason.HOST_MISMATCH)
        limits = policy.site.limits
        length = head.header(b"content-length")
        if length.isdigit() and int(length) > max(limits.body, limits.streamed):
            return self._refuse(snapshot, head, client, service, Reason.BODY_TOO_LARGE)
        endpoint = service.endpoints.find(head.method, head.target.partition("?")[0])
        exchange = Exchange(snapshot, client, head, service, endpoint, view.sheet)
        if verdict.by or verdict.spared_by:
            exchange.events.extend(record.passed(policy, client, verdict, facts.type))
        self._count_removed(filtering.request(exchange, view, facts, self._on_hit))
        if verdict.observed:
            self._watch.rule(exchange, verdict.observed)
        elif (reported := self._watch.head(exchange, facts.type)) is not None:
            return reported
        return Ruling(passing.buffer(limits, length), exchange=exchange)

    def _follow_policy(self, exchange: Exchange) -> None:
        """A WebSocket outlives policies and hours: each message goes by what holds now."""
        snapshot = self._current()
        view = snapshot.view(exchange.client, self._clock())
        if snapshot is exchange.snapshot and view.sheet is exchange.sheet:
            return
        if snapshot.policy is not exchange.snapshot.policy or view.sheet is not exchange.sheet:
            verdict = decide_host(view, exchange.head.host).host
            service = verdict.service
            if verdict.treatment is not Treatment.INSPECT or service is None:
                raise Refused(Reason(verdict.reason or Reason.HOST_MISMATCH))
            exchange.sheet = view.sheet
            head = exchange.head
            exchange.service = service
            exchange.endpoint = service.endpoints.find(head.method, head.target.partition("?")[0])
        exchange.snapshot = snapshot

    # --- refusing, blocking, counting ---

    def _block(
        self,
        snapshot: Snapshot,
        head: Head,
        client: Client,
        verdict: Verdict,
        kind: RequestType,
    ) -> Ruling:
        block = verdict.block
        if block is None:
            raise Refused(Reason.ENGINE_ERROR)
        self._metrics.blocks[block.category].inc()
        self._on_hit(block.list)
        self._metrics.requests[_service_name(verdict.host.service), Decision.BLOCK].inc()
        reply = answer(block, kind, head.method, head.headers, head.target, head.host)
        incident = ""
        if reply is None:
            incident = new_incident()
            reply = self._page(snapshot, Reason.TRACKER_BLOCKED, incident, head)
        return Ruling(reply, [record.blocked(snapshot.policy, client, verdict, incident, kind)])

    def _refuse(
        self,
        snapshot: Snapshot,
        head: Head | None,
        client: Client,
        service: Service | None,
        reason: Reason,
        rule: str = "",
        answer: bool = False,
    ) -> Ruling:
        incident = new_incident()
        self._metrics.refusals[reason].inc()
        self._metrics.requests[_service_name(service), Decision.REFUSE].inc()
        event = record.refused(snapshot.policy, client, service, reason, incident, rule, answer)
        page = self._page(snapshot, reason, incident, head)
        return Ruling(Refuse(reason, incident, page), [event])

    def _page(self, snapshot: Snapshot, reason: Reason, incident: str, head: Head | None) -> Reply:
        accept = head.header(b"accept") if head else ""
        host = head.host if head and reason in pages.ASKABLE else ""
        site = snapshot.policy.site
        return pages.refusal(reason, incident, accept, site.contact, host, site.language)

    def _count(self, exchange: Exchange) -> None:
        decision = Decision.PROTECT if exchange.hits else Decision.FORWARD
        self._metrics.requests[exchange.service.name, decision].inc()
        self._count_identifiers(exchange)

    def _count_removed(self, removed: Mapping[Rule, int]) -> None:
        for rule, number in removed.items():
            self._metrics.privacy[rule].inc(number)

    def _count_identifiers(self, exchange: Exchange) -> None:
        for (kind, action), number in exchange.hits.items():
            self._metrics.identifiers[kind, action].inc(number)

    def _counted_gate(self, ruling: Ruling, started: float, *, final: bool) -> Ruling:
        self._metrics.overhead[Phase.GATE].observe(time.perf_counter() - started)
        if ruling.hit:
            self._on_hit(ruling.hit)
        if isinstance(ruling.decision, Refuse):
            self._metrics.connections[Treatment.DENY].inc()
            self._metrics.refusals[ruling.decision.reason].inc()
        elif final:
            tunnel = isinstance(ruling.decision, Tunnel)
            self._metrics.connections[Treatment.TUNNEL if tunnel else Treatment.INSPECT].inc()
        return ruling


def _service_name(service: Service | None) -> str:
    return service.name if service else "unknown"


def _message_type(is_text: bool, content: bytes) -> bytes:
    """WebSocket messages declare no type: JSON if it looks so, else text or binary."""
    if not is_text:
        return b"application/octet-stream"
    return b"application/json" if content[:1] in (b"{", b"[") else b"text/plain; charset=utf-8"


def _reason(error: Exception) -> Reason:
    """The reason to give for an error: ours when it says so, else an error of the engine.

    The exception itself goes no further: its text may hold what it choked on. The log gets
    its type and where in our code it rose.
    """
    if isinstance(error, Refused):
        return error.reason
    log.error("engine error: %s at %s", type(error).__name__, _place(error))
    return Reason.ENGINE_ERROR


def _place(error: Exception) -> str:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    where = [f"{f.f_globals.get('__name__', '?')}:{f.f_lineno}" for f in frames]
    return " > ".join(where[-3:])
