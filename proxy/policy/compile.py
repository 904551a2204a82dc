"""From a service's file to the immutable ``Service`` that the engine reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proxy.kinds import Kind
from proxy.policy.accepts import SEARCHED, concrete, shape_that_fits
from proxy.policy.automaton import PathRule, TooComplex, build_automaton
from proxy.policy.document import Document, Location
from proxy.policy.endpoints import DEFAULT_TEMPLATE, EndpointTree
from proxy.policy.model import (
    Action,
    Endpoint,
    FieldRule,
    FieldState,
    Photos,
    ProfilingRule,
    RuleRef,
    Service,
    Supplier,
    dead_state,
)
from proxy.policy.paths import parse_path
from proxy.policy.service_schema import (
    Adhesion,
    FieldFile,
    LetterCase,
    OnlyIf,
    RequestFile,
    RuleFile,
    ServiceFile,
    TellingFields,
)
from proxy.policy.telling import NamedRules, TellingNames
from proxy.policy.templates import parse_match
from proxy.pseudonyms.options import PseudonymOptions

_KEEPS = (Action.PSEUDONYMISE, Action.GENERALISE, Action.ALLOW, Action.DROP, Action.REFUSE)


@dataclass(slots=True)
class Compiled:
    """A service, where it was written, and what compiling noticed (for ``advice``)."""

    service: Service
    written: ServiceFile
    document: Document
    treatment_ref: RuleRef
    charter_ref: RuleRef
    shadowed: list[Location] = field(default_factory=list)
    ties: list[tuple[Location, Location]] = field(default_factory=list)
    addresses: list[tuple[Location, int]] = field(default_factory=list)
    """Fields of e-mail pseudonyms, and how long one may be there: the domain is the site's."""
    planned: tuple[object, Service] | None = None
    """The service with its plan of privacy, and the site's words that it was made with."""


def compile_service(document: Document, written: ServiceFile) -> Compiled | None:
    """The compiled service; ``None`` when problems were added to the document."""
    compiler = _Compiler(document, written)
    tree = compiler.endpoints()
    if document.problems:
        return None
    service = Service(
        name=written.service,
        title=written.title,
        supplier=Supplier(
            written.supplier.name, written.supplier.country, written.supplier.jurisdictions
        ),
        charter_adhered=written.charter.adhered is Adhesion.YES,
        treatment=written.treatment,
        hosts=written.hosts,
        opaque=written.opaque,
        photos=written.photos or Photos(written.opaque.value),
        signed=written.signed,
        retention=written.retention,
        purpose=written.purpose,
        ref=_ref(document, ("service",), f"service: {written.service}"),
        endpoints=tree,
        charter_to_confirm=written.charter.adhered is Adhesion.TO_CONFIRM,
        charter_since=written.charter.since.isoformat() if written.charter.since else "",
        charter_evidence=written.charter.evidence,
        roster=written.roster.value if written.roster else "",
        fields=compiler.fields_by_kind(),
        profiling=ProfilingRule(
            written.profiling,
            _ref(document, ("profiling",), f"profiling: {written.profiling}"),
            frozenset(written.profiling_except),
            written.lrs,
        ),
        pseudonyms=PseudonymOptions(
            frozenset(compiler.aliases), written.phones_used_up, written.folds_case
        ),
    )
    return Compiled(
        service,
        written,
        document,
        _ref(document, ("treatment",), f"treatment: {written.treatment}"),
        _ref(document, ("charter", "adhered"), f"charter adhered: {written.charter.adhered}"),
        *compiler.noticed(),
        addresses=compiler.addresses,
    )


def _ref(document: Document, location: Location, text: str) -> RuleRef:
    return RuleRef(document.file, document.key_mark(location).line, text)


class _Compiler:
    def __init__(self, document: Document, written: ServiceFile) -> None:
        self.document = document
        self.written = written
        self.fold = written.letter_case is LetterCase.IGNORE
        self.aliases: set[str] = set()
        self.addresses: list[tuple[Location, int]] = []
        treat = written.telling_names is TellingFields.TREAT
        self.telling = TellingNames(written.telling_names_except) if treat else None
        self.wide = self._path_rules(("fields",), written.fields, endpoint=False)
        self.won: set[Location] = set()
        self.ties: set[tuple[Location, Location]] = set()
        self.tried: set[Location] = set()

    def endpoints(self) -> EndpointTree:
        """The service's endpoints. Adds a problem for each that cannot be compiled."""
        wide = self._automaton(self.wide, ("fields",))
        default = Endpoint(
            DEFAULT_TEMPLATE,
            query_fields=self._telling(self._named((), "query", self.written.query)),
            form_fields=self._telling(self._named((), "form", self.written.form)),
            header_fields=self._named((), "headers", self.written.headers),
            body=wide,
            inside=wide,
        )
        tree = EndpointTree(default, ignore_case=self.fold)
        for index, request in enumerate(self.written.requests):
            self._add(tree, ("requests", index), request, default)
        return tree

    def _add(
        self, tree: EndpointTree, location: Location, request: RequestFile, default: Endpoint
    ) -> None:
        """One endpoint for each match of a request; they share all but their path's fields."""
        body = default.body
        if request.body:
            own = self._path_rules((*location, "body"), request.body, endpoint=True)
            body = self._automaton([*own, *self.wide], (*location, "body"))
        path = self._named(location, "path", request.path)
        query = {**default.query_fields, **self._named(location, "query", request.query)}
        form = {**default.form_fields, **self._named(location, "form", request.form)}
        headers = {**default.header_fields, **self._named(location, "headers", request.headers)}
        for number, match in enumerate(request.match):
            place = (*location, "match", number)
            template = parse_match(match)
            endpoint = Endpoint(
                template=template.path,
                path_fields={
                    index: path[name] for name, index in template.alone().items() if name in path
                },
                path_parts=template.parts(ignore_case=self.fold, rules=path),
                query_fields=self._telling(query),
                form_fields=self._telling(form),
                header_fields=headers,
                body=body,
                inside=default.inside,
                ref=RuleRef(self.document.file, self.document.mark(place).line, match),
            )
            if (there := tree.add(template, endpoint)) is not None:
                line = there.ref.line if there.ref else 1
                self.document.problems.append(
                    self.document.problem(
                        place,
                        f"the same method and path stand twice (first at line {line}), join them",
                    )
                )

    def fields_by_kind(self) -> dict[Kind, FieldRule]:
        """Of the rules for a kind the first that keeps most of it: a copy may be dropped."""
        rules = [rule.rule for _, rule in self.wide]
        for index, request in enumerate(self.written.requests):
            place = ("requests", index, "body")
            rules += [own.rule for _, own in self._path_rules(place, request.body, endpoint=True)]
        found: dict[Kind, FieldRule] = {}
        for rule in sorted(rules, key=lambda rule: _KEEPS.index(rule.action)):
            found.setdefault(rule.kind, rule)
        return found

    def noticed(self) -> tuple[list[Location], list[tuple[Location, Location]]]:
        """Shadowed rules and ties."""
        return sorted(self.tried - self.won, key=str), sorted(self.ties, key=str)

    def _telling(self, written: Mapping[str, FieldRule]) -> NamedRules:
        return NamedRules(written, self.telling)

    def _named(
        self, location: Location, place: str, rules: Mapping[str, RuleFile]
    ) -> dict[str, FieldRule]:
        """Rules of named values. A form is content; elsewhere stand identifiers of many forms."""
        strict = place == "form"
        fold = place == "headers"
        return {
            name.lower() if fold else name: self._rule(
                (*location, place, name), f"{place} {name}", rule, strict
            )
            for name, rule in rules.items()
        }

    def _path_rules(
        self, location: Location, fields: Sequence[FieldFile], *, endpoint: bool
    ) -> list[tuple[Location, PathRule]]:
        return [
            (
                (*location, index),
                PathRule(
                    parse_path(written.at),
                    self._rule((*location, index), written.at, written, strict=True),
                    endpoint,
                ),
            )
            for index, written in enumerate(fields)
        ]

    def _rule(self, location: Location, name: str, rule: RuleFile, strict: bool) -> FieldRule:
        if rule.only_if is not None:
            strict = rule.only_if is OnlyIf.ANY_VALUE
        what = f"{rule.do} to {rule.to}" if rule.to else str(rule.do)
        text = f"{name} is {rule.kind}: {what}"
        return FieldRule(
            kind=rule.kind,
            action=Action(rule.do),
            ref=_ref(self.document, location, text),
            shape=self._shape(location, rule),
            generalise=rule.to.value if rule.to else "",
            strict=strict,
        )

    def _shape(self, location: Location, rule: RuleFile) -> str:
        """The shape that fits the field, or a problem."""
        if rule.do is not Action.PSEUDONYMISE:
            return rule.shape.value
        accepts = rule.accepts or self.written.accepts.get(rule.kind)
        try:
            shape = shape_that_fits(rule.kind, rule.shape.value, accepts)
        except ValueError as error:
            self.document.problems.append(self.document.problem(location, str(error)))
            return rule.shape.value
        dressed = concrete(rule.kind, shape)
        if dressed in SEARCHED:
            self.aliases.add(dressed)
        if dressed == "email" and accepts and accepts.max_length is not None:
            self.addresses.append((location, accepts.max_length))
        return shape

    def _automaton(
        self, rules: Sequence[tuple[Location, PathRule]], location: Location
    ) -> FieldState:
        try:
            automaton = build_automaton(
                [rule for _, rule in rules], ignore_case=self.fold, telling=self.telling
            )
        except TooComplex as error:
            self.document.problems.append(self.document.problem(location, str(error), key=True))
            return dead_state()
        places = [place for place, _ in rules]
        self.tried.update(places)
        self.won.update(places[index] for index in automaton.winners)
        self.ties.update((places[one], places[other]) for one, other in automaton.ties)
        return automaton.start
