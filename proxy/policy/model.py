"""The compiled policy: immutable values that the engine reads on the hot path.

Everything here is built once per policy load (``proxy.policy.compile``), then shared by
reference: a request keeps the policy it started with. Lookups are dictionary steps, so
cost does not grow with the number of services or rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from proxy.kinds import Kind
from proxy.privacy.plan import Plan
from proxy.pseudonyms.options import PseudonymOptions

if TYPE_CHECKING:
    from proxy.policy.parts import Part, Several
    from proxy.policy.telling import TellingNames, Told


class Treatment(StrEnum):
    """What the gate does with a connection."""

    INSPECT = "inspect"
    TUNNEL = "tunnel"
    DENY = "deny"


class Action(StrEnum):
    """What a field rule does with the value it names."""

    PSEUDONYMISE = "pseudonymise"
    DROP = "drop"
    GENERALISE = "generalise"
    ALLOW = "allow"
    REFUSE = "refuse"
    SEARCH = "search"
    """Look for people as in any text, and in lower case too: a person typed it."""


class Photos(StrEnum):
    """What to do with pictures; always without place, date, device and author."""

    REFUSE = "refuse"
    ALLOW = "allow"
    WITH_CONSENT = "with_consent"
    """Only with the consent of all whom the request names."""


class OnUnreadable(StrEnum):
    """What to do with content that cannot be read or cannot be changed."""

    REFUSE = "refuse"
    ALLOW = "allow"


class OnProfiling(StrEnum):
    """What to do with reports on how people behave (``proxy.profiling``)."""

    BLOCK = "block"
    OBSERVE = "observe"
    """Let them pass, and record each."""
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class RuleRef:
    """Where a rule stands, for people: ``services/x.yaml:12`` and its own words."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a service: what the value is and what to do with it.

    ``shape`` names the form of the pseudonym (see ``proxy.pseudonyms.shapes``): ``auto``
    takes the one that suits ``kind``. ``generalise`` (``year``, ``department``) only with
    ``Action.GENERALISE``. ``strict`` treats every value; otherwise only a value that has
    the form of ``kind`` (a ``userId`` may be a number, ``me`` or an e-mail address).
    ``guessed``: no policy wrote it, the field's name tells; a value without the form of
    ``kind`` is then read as if there were no rule (``proxy.policy.plausible``). ``known``: so
    is one that the directory does not have (a ``userId`` is mostly a number of the service's).
    """

    kind: Kind
    action: Action
    ref: RuleRef
    shape: str = "auto"
    generalise: str = ""
    strict: bool = True
    guessed: bool = False
    known: bool = False

    @property
    def vouches(self) -> str:
        """What an ambiguous name beside this one may take it for."""
        return "" if self.known else self.kind.value


_KEPT = 2048
_WIDE = 64


class Mentioned(NamedTuple):
    """Names of members behind which a rule holds (for elements and unnamed members below too)."""

    fields: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()
    """Those whose values are only searched, as what people type."""
    any: bool = False
    """A rule may hold whatever the names are."""


type Leaf = tuple[tuple[str, FieldRule | None], ...]
"""Members that a rule may hold for, each with the one that does beside the others."""


class FieldState:
    """A state of the deterministic automaton that recognises field paths.

    Walk a document from the root state: ``state = state.step(key)`` for an object member,
    ``state.step(ELEMENT)`` for an array element. ``state.rule`` is the rule for a scalar
    that stands here. ``state.dead`` says that nothing here or below can match. ``fold``
    says that the service does not tell upper from lower case in keys. ``telling`` answers for
    members that no rule mentions; ``told`` is what it said of an ambiguous one. ``counted``
    says that the place of an array element matters: ``element`` steps there.
    """

    __slots__ = (
        "busy", "counted", "dead", "fold", "kept", "leaves", "mentioned", "next", "other", "rule",
        "spoken", "telling", "told",
    )  # fmt: skip

    def __init__(self, *, fold: bool = False) -> None:
        self.fold = fold
        self.next: dict[str, FieldState] = {}
        self.other: FieldState = self
        self.rule: FieldRule | None = None
        self.dead: bool = False
        self.busy: bool = False
        """Whether the last body that was read from here held something to change: then no quick
        look is taken at the next one."""
        self.counted: bool = False
        self.telling: TellingNames | None = None
        self.told: Told | None = None
        self.kept: dict[str, FieldState] = {}
        self.spoken: dict[tuple[str, ...], bool] = {}
        """Of objects met here, by their members' names: whether a rule may hold for one."""
        self.leaves: dict[tuple[str, ...], Leaf] = {}
        """Of objects met here that hold nothing but scalars: which members stand under a rule."""
        self.mentioned: Mentioned | None = None
        """The names that matter from here on, once somebody asked (``policy.mentioned``)."""

    def remember(self, shape: tuple[str, ...], speaks: bool) -> None:
        """Keep what was found out about objects with these members."""
        if len(self.spoken) < _KEPT and len(shape) <= _WIDE:
            self.spoken[shape] = speaks

    def remember_leaf(self, shape: tuple[str, ...], leaf: Leaf) -> None:
        """Likewise which members of one without members of their own stand under a rule."""
        if len(self.leaves) < _KEPT and len(shape) <= _WIDE:
            self.leaves[shape] = leaf

    def step(self, key: str) -> FieldState:
        """The state after one step; unknown keys share one state, so nothing grows."""
        found = self.next.get(key.lower() if self.fold else key)
        if found is not None:
            return found
        if self.telling is None or key is ELEMENT:
            return self.other
        found = self.kept.get(key)
        if found is None:
            found = self.telling.after(self, key)
            if len(self.kept) < _KEPT:  # keys are the client's: they may be without number
                self.kept[key] = found
        return found

    def element(self, index: int) -> FieldState:
        """The state of one array element."""
        found = self.next.get(f"[{index}]") if self.counted else None
        return found if found is not None else self.step(ELEMENT)


ELEMENT = "[]"
"""The step for an array element. No JSON key of a policy can be written ``[]``."""


def dead_state() -> FieldState:
    """A state that matches nothing, for endpoints without field rules."""
    state = FieldState()
    state.dead = True
    return state


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The rules that hold for one method and path of a service.

    ``path_fields`` maps the index of a path segment (0 = first after the leading slash) to
    its rule. ``query_fields`` and ``form_fields`` are by parameter name, ``header_fields``
    by lower-case header name. ``body`` starts the JSON automaton, ``inside`` the one of JSON
    that stands in a string, a form or another message.
    ``template`` is the path with parameters in braces: safe for the audit log.
    """

    template: str
    path_fields: Mapping[int, FieldRule] = field(default_factory=dict)
    query_fields: Mapping[str, FieldRule] = field(default_factory=dict)
    form_fields: Mapping[str, FieldRule] = field(default_factory=dict)
    header_fields: Mapping[str, FieldRule] = field(default_factory=dict)
    body: FieldState = field(default_factory=dead_state)
    inside: FieldState = field(default_factory=dead_state)
    ref: RuleRef | None = None
    """Where the request rule stands; ``None`` for the service's default."""
    path_parts: Mapping[int, Part | Several] = field(default_factory=dict)
    """By index, the segments with fixed text around their value, or with several values."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who runs the service, and whose laws can reach the data."""

    name: str
    country: str
    jurisdictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A cloud service as policy knows it."""

    name: str
    title: str
    supplier: Supplier
    charter_adhered: bool
    treatment: Treatment
    hosts: tuple[str, ...]
    opaque: OnUnreadable
    photos: Photos
    signed: OnUnreadable
    retention: str
    purpose: str
    ref: RuleRef
    endpoints: EndpointTable
    pseudonyms: PseudonymOptions = field(default_factory=PseudonymOptions)
    charter_to_confirm: bool = False
    """Allowed for now, but the site has not recorded that the supplier adhered."""
    charter_since: str = ""
    charter_evidence: str = ""
    roster: str = ""
    """The format in which the service takes rosters; empty when the policy does not say."""
    fields: Mapping[Kind, FieldRule] = field(default_factory=dict)
    """The rule that stands for a kind outside requests, as in a roster made for the service."""
    profiling: ProfilingRule = field(default_factory=lambda: ProfilingRule())
    privacy: Plan = field(default_factory=Plan)
    """What of a request and its answer does not pass (``proxy.policy.privacy``)."""


@dataclass(frozen=True, slots=True)
class ProfilingRule:
    """What a service's file says of reports on behaviour that go to it."""

    do: OnProfiling | None = None
    """``None``: as the site says."""
    ref: RuleRef = RuleRef("", 0, "")
    spared: frozenset[str] = frozenset()
    """Formats (``proxy.profiling.formats``) that pass all the same."""
    record_store: bool = False
    """It is a learning record store: receiving learning formats is what it is for."""


class EndpointTable:
    """Finds the endpoint of a request by method and path, one dictionary step a segment."""

    __slots__ = ()

    default: Endpoint
    """What holds for a path that no rule names."""

    def find(self, method: str, path: str) -> Endpoint:
        """The endpoint for ``path`` (no query, percent-encoded as on the wire).

        A path no rule names gets the service's default endpoint, whose template is ``/…``.
        """
        raise NotImplementedError  # pragma: no cover - implemented by proxy.policy.compile


@dataclass(frozen=True, slots=True)
class HostVerdict:
    """What the policy says of a host: treatment, the rule that decided, and the service."""

    treatment: Treatment
    ref: RuleRef
    service: Service | None
    reason: str = ""
    """A ``Reason`` value when ``treatment`` is deny, else empty."""
