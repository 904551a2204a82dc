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
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from proxy.audit.events import Event
from proxy.blocking import RequestFacts, RequestType, answer, facts_of
from proxy.content import seals
from proxy.content.body import Rewritten, rewrite_body
from proxy.content.data import NO_FIELDS, BodyFields
from proxy.content.headers import rewrite_headers
from proxy.content.limits import Limits
from proxy.content.target import rewrite_target
from proxy.decisions import Buffer, Forward, Headers, Refuse, Reply, Stream, Tunnel
from proxy.engine import canonical, gate, pages, partial, passing, record, transport, watching
from proxy.engine.decide import Verdict, decide_url
from proxy.engine.exchange import Client, Exchange, Head, new_incident
from proxy.engine.profiling import Watch
from proxy.engine.protect import ProtectVisitor
from proxy.engine.restore import RestoreVisitor, place, scope
from proxy.engine.ruling import Ruling
from proxy.engine.snapshot import Snapshot
from proxy.errors import Refused
from proxy.metrics import Decision, Metrics, Phase
from proxy.policy.model import OnUnreadable, Service, Treatment
from proxy.reasons import Reason

log = logging.getLogger("preau.engine")


class Engine:
    """Decides on every request; holds no state of its own but where to find the snapshot."""

    def __init__(self, current: Callable[[], Snapshot], metrics: Metrics) -> None:
        self._current = current
        self._metrics = metrics
        self._watch = Watch(metrics)

    def connect(self, host: str, port: int, client: Client) -> Ruling:
        """The ruling on a CONNECT: ``Tunnel``, ``Inspect`` or ``Refuse``."""
        started = time.perf_counter()
        ruling = gate.at_connect(self._current(), host, port, client)
        return self._counted_gate(ruling, started, final=False)

    def hello(self, host: str, port: int, sni: str | None, client: Client) -> Ruling:
        """The ruling on a ClientHello: ``Tunnel``, ``Inspect`` or ``Refuse`` (close)."""
        started = time.perf_counter()
        ruling = gate.at_hello(self._current(), host, port, sni, client)
        return self._counted_gate(ruling, started, final=True)

    def begin(self, head: Head, client: Client) -> Ruling:
        """The ruling on a request's head: ``Buffer``, ``Reply`` (blocked) or ``Refuse``."""
        snapshot = self._current()
        started = time.perf_counter()
        try:
            ruling = self._begin(snapshot, head, client)
        except Exception as error:
            return self._refuse(snapshot, head, client, None, _reason(error))
        self._metrics.overhead[Phase.BLOCK].observe(time.perf_counter() - started)
        return ruling

    def protect(self, exchange: Exchange, body: bytes) -> Ruling:
        """The ruling on a whole request: ``Forward`` with what may leave, ``Reply`` to a report
        on behaviour, or ``Refuse``."""
        started = time.perf_counter()
        try:
            if (reported := self._watch.body(exchange, body)) is not None:
                return reported
            forward = self._protect(exchange, body)
        except Exception as error:
            return self.refuse(exchange, _reason(error))
        self._metrics.overhead[Phase.PROTECT].observe(time.perf_counter() - started)
        self._count(exchange)
        return Ruling(forward, watching.told(exchange) + record.request_events(exchange))

    def protect_passing(self, exchange: Exchange, begins: bytes) -> Ruling:
        """The ruling on a request whose body ``begins`` so and is too long to be read whole.

        ``Stream``, or ``Reply`` or ``Refuse`` before a byte has left.
        """
        try:
            if (reported := self._watch.body(exchange, begins)) is not None:
                return reported
            stream = self._protect_passing(exchange, begins)
        except Exception as error:
            return self.refuse(exchange, _reason(error))
        decision = Decision.PROTECT if exchange.hits else Decision.FORWARD
        self._metrics.requests[exchange.service.name, decision].inc()
        return Ruling(stream, self.passed(exchange))

    def passed(self, exchange: Exchange) -> list[Event]:
        """The events of a request that was rewritten while it passed, since last asked."""
        self._count_identifiers(exchange)
        events = watching.told(exchange) + record.request_events(exchange)
        exchange.hits.clear()
        return events

    def answer_head(self, exchange: Exchange, status: int, headers: Headers) -> Ruling:
        """How to read the answer: ``Buffer``, ``Stream``, or ``Forward`` without reading."""
        exchange.restored.clear()
        try:
            decision = self._answer_head(exchange, status, headers)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        if isinstance(decision, Buffer):
            exchange.restored.clear()  # ``restore`` reads the head again, with the body
            return Ruling(decision)
        events = record.alarms(exchange) + record.answer_events(exchange)
        exchange.restored.clear()
        return Ruling(decision, events)

    def restore(self, exchange: Exchange, headers: Headers, body: bytes) -> Ruling:
        """The ruling on a whole answer: ``Forward`` with names restored, or ``Refuse``."""
        started = time.perf_counter()
        try:
            exchange.restored.clear()
            forward = self._restore(exchange, headers, body)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        self._metrics.overhead[Phase.RESTORE].observe(time.perf_counter() - started)
        return Ruling(forward, record.alarms(exchange) + record.answer_events(exchange))

    def restore_passing(self, exchange: Exchange, headers: Headers, begins: bytes) -> Ruling:
        """The ruling on an answer whose body ``begins`` so and is too long to be read whole."""
        try:
            exchange.restored.clear()
            stream = self._restore_passing(exchange, headers, begins)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=True)
        return Ruling(stream, self.streamed(exchange))

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
            written = self._rewrite_message(exchange, from_client, headers, content)
        except Exception as error:
            return self.refuse(exchange, _reason(error), answer=not from_client)
        self._count(exchange)
        events = watching.told(exchange) + record.request_events(exchange)
        return Ruling(Forward((), written), events + record.answer_events(exchange))

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

    def _begin(self, snapshot: Snapshot, head: Head, client: Client) -> Ruling:
        canonical.check(head)
        facts = facts_of(head.method, head.host, head.target, head.headers)
        policy = snapshot.policy
        verdict = decide_url(policy, snapshot.blocker, head.host, head.url, facts)
        if verdict.block:
            return self._block(snapshot, head, client, verdict, facts.type)
        service = verdict.host.service
        if verdict.reason:
            rule = str(verdict.host.ref)
            return self._refuse(snapshot, head, client, service, verdict.reason, rule)
        if head.scheme != "https":
            return self._refuse(snapshot, head, client, service, Reason.PLAIN_HTTP)
        if verdict.host.treatment is Treatment.TUNNEL or service is None:
            # Only reached when policy changed between the handshake and the request: what was
            # decrypted under the old policy does not travel under the new one.
            return self._refuse(snapshot, head, client, service, Reason.HOST_MISMATCH)
        limits = policy.site.limits
        length = head.header(b"content-length")
        if length.isdigit() and int(length) > max(limits.body, limits.streamed):
            return self._refuse(snapshot, head, client, service, Reason.BODY_TOO_LARGE)
        endpoint = service.endpoints.find(head.method, head.target.partition("?")[0])
        exchange = Exchange(snapshot, client, head, service, endpoint)
        if "?" in head.target:
            self._strip(exchange, facts)
        if verdict.observed:
            self._watch.rule(exchange, verdict.observed)
        elif (reported := self._watch.head(exchange, facts.type)) is not None:
            return reported
        return Ruling(_buffer(snapshot, length), exchange=exchange)

    @staticmethod
    def _strip(exchange: Exchange, facts: RequestFacts) -> None:
        """Take tracking parameters out of the target; the event waits with the exchange.

        A target that a signature covers stays as it is: the service would reject it.
        """
        head = exchange.head
        stripped = exchange.snapshot.blocker.strip(head.url, facts)
        if stripped is None:
            return
        if seals.covered(head.headers, head.target, b"") & seals.Covered.TARGET:
            return
        exchange.head = replace(head, target=_target_of(stripped.url))
        exchange.events.append(record.stripped(exchange, stripped))

    def _protect(self, exchange: Exchange, body: bytes) -> Forward:
        """One reading; a second one if values of its fields stand elsewhere in it too."""
        visitor = self._protector(exchange)
        upload = partial.upload_of(exchange.head, len(body))
        if body and upload is partial.Upload.PART:
            self._unread(exchange, "part", picture=False)
        before = len(exchange.events)
        forward, written = self._written(exchange, visitor, body, upload)
        again = visitor.again()
        if again is not None:
            exchange.hits.clear()
            del exchange.events[before:]
            forward, written = self._written(exchange, again, body, upload)
        if written is not None:
            self._unread(exchange, written.opaque, written.picture)
        return forward

    def _written(
        self,
        exchange: Exchange,
        visitor: ProtectVisitor,
        body: bytes,
        upload: partial.Upload,
    ) -> tuple[Forward, Rewritten | None]:
        head, endpoint = exchange.head, exchange.endpoint
        limits = self._limits(exchange)
        target, headers, named = self._protect_head(exchange, visitor, limits)
        if not body:
            if self._breaks_seal(exchange, target, named, b"", False):
                return Forward(transport.for_service(head.headers), None, head.target), None
            return Forward(headers, None, target), None
        fields = BodyFields(endpoint.body, endpoint.form_fields, endpoint.inside)
        written = rewrite_body(body, head.headers, visitor, fields, limits, "request")
        if self._breaks_seal(exchange, target, named, body, written.changed):
            return Forward(transport.for_service(head.headers), body, head.target), written
        if not written.changed:
            return Forward(headers, body, target), written
        if upload is partial.Upload.PART:
            raise Refused(Reason.PARTIAL_CONTENT, "a part of an upload holds an identifier")
        headers = transport.with_body(headers, written)
        if upload is partial.Upload.WHOLE:
            headers = partial.resized(headers, len(written.body))
        return Forward(headers, written.body, target), written

    def _protect_head(
        self, exchange: Exchange, visitor: ProtectVisitor, limits: Limits
    ) -> tuple[str, Headers, bool]:
        """Target and header fields as they may leave; whether a field named somebody."""
        target = self._target(exchange, visitor, limits)
        fields = exchange.endpoint.header_fields
        headers = rewrite_headers(exchange.head.headers, fields, visitor, "request", limits=limits)
        named = headers is not exchange.head.headers
        headers = transport.for_service(headers)
        if partial.asked(exchange.head) and not partial.may_ask_range(exchange.head):
            headers = partial.without_range(headers)
        return target, headers, named

    def _protect_passing(self, exchange: Exchange, begins: bytes) -> Stream:
        visitor = self._protector(exchange)
        limits = self._limits(exchange)
        target, headers, named = self._protect_head(exchange, visitor, limits)
        if self._breaks_seal(exchange, target, named, begins, True):
            # A body that passes could not be taken back once it changed: as it came, or not.
            return Stream(
                transport.for_service(exchange.head.headers),
                lambda chunk: [chunk] if chunk else [],
                exchange.head.target,
                (begins,),
            )
        length = exchange.head.header(b"content-length")
        upload = partial.upload_of(exchange.head, int(length) if length.isdigit() else None)
        unread = self._unread_once(exchange)
        if upload is not partial.Upload.PLAIN:  # nor could positions be told beforehand
            transform = passing.part(exchange, visitor, limits, unread)
            first = tuple(transform(begins))
            return Stream(headers, transform, target, first)
        transform = passing.request(exchange, visitor, limits, unread)
        first = tuple(transform(begins))
        return Stream(transport.without_length(headers, coded=True), transform, target, first)

    def _restore_passing(self, exchange: Exchange, headers: Headers, begins: bytes) -> Stream:
        visitor = self._restorer(exchange)
        restored = self._answer_headers(exchange, visitor, headers)
        transform = passing.answer(headers, visitor, exchange.snapshot.limits(True))
        first = tuple(transform(begins))
        return Stream(transport.without_length(restored, coded=True), transform, first=first)

    @staticmethod
    def _limits(exchange: Exchange) -> Limits:
        return exchange.snapshot.limits(exchange.service.signed is OnUnreadable.ALLOW)

    def _unread_once(self, exchange: Exchange) -> Callable[[str | None, bool], None]:
        """What a body that passes asks about content it cannot read: one event tells of it."""
        told: set[tuple[bool, bool]] = set()

        def unread(opaque: str | None, picture: bool) -> None:
            kind = (opaque is not None, picture)
            if kind not in told:
                told.add(kind)
                self._unread(exchange, opaque, picture)

        return unread

    @staticmethod
    def _breaks_seal(
        exchange: Exchange, target: str, named: bool, body: bytes, changed: bool
    ) -> bool:
        """Whether a signature covers what was rewritten: refused, or sent as it came and told."""
        head = exchange.head
        parts = seals.Covered.BODY if changed else seals.Covered.NOTHING
        if target != head.target:
            parts |= seals.Covered.TARGET
        if named:
            parts |= seals.Covered.HEADERS
        if not parts or not parts & seals.covered(head.headers, head.target, body):
            return False
        if exchange.service.signed is OnUnreadable.REFUSE:
            raise Refused(Reason.SIGNED_CONTENT, "a signature covers what would be rewritten")
        exchange.hits.clear()
        exchange.events.append(record.opaque_allowed(exchange, Reason.SIGNED_CONTENT))
        return True

    @staticmethod
    def _target(exchange: Exchange, visitor: ProtectVisitor, limits: Limits) -> str:
        target, snapshot = exchange.head.target, exchange.snapshot
        mark = hash((exchange.service.name, exchange.endpoint.template, target))
        if snapshot.is_plain(mark) and not visitor.knows_more:
            visitor.passed(unquote(target))
            return target
        written = rewrite_target(target, exchange.endpoint, visitor, limits)
        if written is target and not exchange.hits:
            snapshot.note_plain(mark)
        return written

    def _rewrite_message(
        self, exchange: Exchange, from_client: bool, headers: Headers, content: bytes
    ) -> bytes:
        signed = not from_client or exchange.service.signed is OnUnreadable.ALLOW
        limits = exchange.snapshot.limits(signed)
        if not from_client:
            visitor = self._restorer(exchange)
            return rewrite_body(content, headers, visitor, NO_FIELDS, limits, "answer").body
        endpoint = exchange.endpoint
        fields = BodyFields(endpoint.inside, endpoint.form_fields, endpoint.inside)
        protector = self._protector(exchange)
        written = rewrite_body(content, headers, protector, fields, limits, "request")
        again = protector.again()
        if again is not None:
            exchange.hits.clear()
            written = rewrite_body(content, headers, again, fields, limits, "request")
        self._unread(exchange, written.opaque, written.picture)
        return written.body

    def _protector(self, exchange: Exchange) -> ProtectVisitor:
        snapshot = exchange.snapshot
        watch = watching.watch_of(exchange)
        pseudonymiser = snapshot.pseudonymiser(exchange.service.name).at(
            place(exchange.client), watch.met if watch else None
        )
        school = exchange.client.school
        return ProtectVisitor(snapshot.index, pseudonymiser, exchange.hits, school, watch)

    def _restorer(self, exchange: Exchange) -> RestoreVisitor:
        snapshot = exchange.snapshot
        watch = watching.watch_of(exchange)
        seen = scope(snapshot.index, exchange.client, snapshot.policy.site.restore_scope, watch)
        pseudonymiser = snapshot.pseudonymiser(exchange.service.name)
        return RestoreVisitor(pseudonymiser, exchange.restored, seen, watch)

    def _unread(self, exchange: Exchange, opaque: str | None, picture: bool) -> None:
        """Apply the service's policy to what a request shows that no text search can read."""
        service = exchange.service
        if picture:
            watching.picture(exchange)
        if opaque and service.opaque is OnUnreadable.REFUSE:
            raise Refused(Reason.OPAQUE_CONTENT, opaque)
        if opaque or picture:
            exchange.events.append(record.opaque_allowed(exchange))

    def _answer_head(
        self, exchange: Exchange, status: int, headers: Headers
    ) -> Buffer | Stream | Forward:
        head = exchange.head
        reading = transport.reading(status, head.method, headers)
        if reading is transport.Reading.WHOLE:  # ``restore`` rewrites the headers too
            return _buffer(exchange.snapshot, _length(headers))
        visitor = self._restorer(exchange)
        if status == 206 and not (partial.asked(head) and partial.may_ask_range(head)):
            raise Refused(Reason.PARTIAL_CONTENT, "a part that was not asked for")
        restored = self._answer_headers(exchange, visitor, headers)
        if reading is transport.Reading.HEAD:
            return Forward(transport.as_head(restored), None)
        if reading in (transport.Reading.EVENTS, transport.Reading.LINES):
            events = reading is transport.Reading.EVENTS
            limits = exchange.snapshot.limits(True)
            transform = passing.at_once(headers, visitor, limits, events=events)
            if transform is not None:
                return Stream(transport.without_length(restored), transform)
        return Forward(restored, None)

    def _restore(self, exchange: Exchange, headers: Headers, body: bytes) -> Forward:
        visitor = self._restorer(exchange)
        restored = self._answer_headers(exchange, visitor, headers)
        if not body:
            return Forward(restored, None)
        limits = exchange.snapshot.limits(True)
        written = rewrite_body(body, headers, visitor, NO_FIELDS, limits, "answer")
        restored = transport.without_ranges(restored)
        if not written.changed:
            return Forward(restored, body)
        return Forward(transport.with_body(restored, written), written.body)

    def _answer_headers(
        self, exchange: Exchange, visitor: RestoreVisitor, headers: Headers
    ) -> Headers:
        restored = rewrite_headers(
            headers,
            exchange.endpoint.header_fields,
            visitor,
            "answer",
            limits=exchange.snapshot.limits(True),
        )
        return transport.for_client(restored)

    def _follow_policy(self, exchange: Exchange) -> None:
        """A WebSocket outlives policies: each message goes by the one now in force."""
        snapshot = self._current()
        if snapshot is exchange.snapshot:
            return
        if snapshot.policy is not exchange.snapshot.policy:
            verdict = snapshot.policy.verdict(exchange.head.host)
            service = verdict.service
            if verdict.treatment is not Treatment.INSPECT or service is None:
                raise Refused(Reason(verdict.reason or Reason.HOST_MISMATCH))
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
        self._metrics.requests[_service_name(verdict.host.service), Decision.BLOCK].inc()
        reply = answer(block, kind, head.method, head.headers, head.target, head.host)
        incident = ""
        if reply is None:
            incident = new_incident()
            reply = self._page(snapshot, Reason.TRACKER_BLOCKED, incident, head)
        return Ruling(reply, [record.blocked(snapshot.policy, client, verdict, incident)])

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

    def _count_identifiers(self, exchange: Exchange) -> None:
        for (kind, action), number in exchange.hits.items():
            self._metrics.identifiers[kind, action].inc(number)

    def _counted_gate(self, ruling: Ruling, started: float, *, final: bool) -> Ruling:
        self._metrics.overhead[Phase.GATE].observe(time.perf_counter() - started)
        if isinstance(ruling.decision, Refuse):
            self._metrics.connections[Treatment.DENY].inc()
            self._metrics.refusals[ruling.decision.reason].inc()
        elif final:
            tunnel = isinstance(ruling.decision, Tunnel)
            self._metrics.connections[Treatment.TUNNEL if tunnel else Treatment.INSPECT].inc()
        return ruling


def _buffer(snapshot: Snapshot, length: str) -> Buffer:
    """How much is read before it is decided how a body of this declared length passes."""
    limits = snapshot.policy.site.limits
    beyond = limits.streamed > limits.body
    long = beyond and length.isdigit() and int(length) > limits.body
    return Buffer(min(limits.body, passing.BEGINNING) if long else limits.body, beyond)


def _length(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() == b"content-length":
            return value.decode("latin-1")
    return ""


def _target_of(url: str) -> str:
    """Path and query of an absolute URL."""
    return url[url.index("/", url.index("://") + 3) :]


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
