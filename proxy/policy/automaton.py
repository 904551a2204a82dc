"""From field rules to one deterministic automaton: each step of a document costs one look-up.

Meaning, in the order that decides:

1. A rule holds for the value it names **and for everything inside it**: a dropped address
   is dropped whole, whatever the service puts into it.
2. Inside, a rule that was already under way may say otherwise (``user`` drop, ``user.id``
   allow). A rule that would only *begin* inside (``**.id``) may not.
3. A rule that names the value itself beats one that holds from around it.
4. Then an endpoint's rule beats the service's; fewer ``**``, then fewer ``*``, then more
   steps; of two that are still equal, the first written.

Theory of operation. A position is (rule, step); a state is a set of positions, made by the
subset construction. Positions of rules that begin with ``**`` wait in every state until some
value matches: they are kept apart (``Background``), not in the sets, so that N such rules
give 2 N + 1 states and not 2^N. Of the rules that hold from around, only the best is kept: the
others can never win again. Both keep automata small; a bound refuses the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from proxy.policy.model import ELEMENT, FieldRule, FieldState
from proxy.policy.paths import ANY, ANY_DEPTH, Step, is_place
from proxy.policy.telling import TellingNames

MAX_STATES = 20_000
MAX_RULES = 2_000


class TooComplex(ValueError):
    """The rules together need more states than we allow."""


class PathRule(NamedTuple):
    """A rule and the path it holds for. ``endpoint`` is false for service-wide rules."""

    steps: tuple[Step, ...]
    rule: FieldRule
    endpoint: bool

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Smaller is more specific."""
        return (
            0 if self.endpoint else 1,
            self.steps.count(ANY_DEPTH),
            self.steps.count(ANY),
            -len(self.steps),
        )


@dataclass(frozen=True, slots=True)
class Automaton:
    """The start state, and what compiling noticed (indices into the rules given)."""

    start: FieldState
    states: int
    winners: frozenset[int]
    """Rules that decide in at least one state: the others are shadowed."""
    ties: frozenset[tuple[int, int]]
    """Pairs equally specific for one value that say different things: the first won."""


class _Key(NamedTuple):
    """What a state is: positions under way, whether background rules may begin, who holds."""

    positions: frozenset[tuple[int, int]]
    background: bool
    around: int | None


def build_automaton(
    rules: Sequence[PathRule], *, ignore_case: bool = False, telling: TellingNames | None = None
) -> Automaton:
    """The automaton of ``rules``, in the order they were written. Raises ``TooComplex``.

    ``telling`` answers for members that no rule mentions, where no rule holds from around.
    """
    if len(rules) > MAX_RULES:
        raise TooComplex(f"{len(rules)} field rules hold at once, expected at most {MAX_RULES}")
    return _Builder(rules, ignore_case, telling).build()


class _Builder:
    def __init__(self, rules: Sequence[PathRule], fold: bool, telling: TellingNames | None) -> None:
        self.fold, self.telling = fold, telling
        self.paths = [self._folded(rule.steps) for rule in rules]
        self.rules = [rule.rule for rule in rules]
        ordered = sorted(range(len(rules)), key=lambda index: (rules[index].rank, index))
        self.order = {index: place for place, index in enumerate(ordered)}
        self.ranks = [rule.rank for rule in rules]
        self.background = [i for i, steps in enumerate(self.paths) if steps[0] == ANY_DEPTH]
        self.waiting = self._by_step((index, 1) for index in self.background)
        self.states: dict[_Key, FieldState] = {}
        self.todo: list[_Key] = []
        self.winners: set[int] = set()
        self.ties: set[tuple[int, int]] = set()

    def _folded(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not self.fold:
            return steps
        return tuple(step.lower() if step.startswith("=") else step for step in steps)

    def build(self) -> Automaton:
        begin = self._closure((i, 0) for i in range(len(self.paths)) if i not in self.background)
        start = self._state(_Key(frozenset(begin), bool(self.background), None))
        while self.todo:
            self._fill(self.todo.pop())
        return Automaton(start, len(self.states), frozenset(self.winners), frozenset(self.ties))

    def _state(self, key: _Key) -> FieldState:
        """The state of ``key``, new if need be; matched positions become its rule."""
        state = self.states.get(key)
        if state is not None:
            return state
        if len(self.states) >= MAX_STATES:
            raise TooComplex(
                f"these field rules need more than {MAX_STATES:,} states; "
                "use fewer '*' and '**' in one path"
            )
        state = FieldState(fold=self.fold)
        exact = [i for i, step in key.positions if step == len(self.paths[i])]
        winner = self._best(exact)
        decides = key.around if winner is None else winner
        state.rule = None if decides is None else self.rules[decides]
        self.states[key] = state
        self.todo.append(key)
        return state

    def _best(self, candidates: Iterable[int]) -> int | None:
        ordered = sorted(candidates, key=self.order.__getitem__)
        if not ordered:
            return None
        best = ordered[0]
        self.winners.add(best)
        for other in ordered[1:]:
            if self.ranks[other] == self.ranks[best] and _differ(
                self.rules[best], self.rules[other]
            ):
                self.ties.add((min(best, other), max(best, other)))
        return best

    def _fill(self, key: _Key) -> None:
        """Give a state its transitions: the same for every key that no rule mentions here."""
        state = self.states[key]
        exact = [i for i, step in key.positions if step == len(self.paths[i])]
        around = min(
            (*exact, *(() if key.around is None else (key.around,))),
            key=self.order.__getitem__,
            default=None,
        )
        # Law 2: once a value is matched, no background rule begins inside it.
        background = key.background and not exact
        under_way = self._by_step(p for p in key.positions if p[1] < len(self.paths[p[0]]))
        groups = (under_way, self.waiting) if background else (under_way,)
        loops = under_way.get(ANY_DEPTH, [])
        anything = [(i, s + 1) for group in groups for i, s in group.get(ANY, ())]

        def follow(step: Step) -> FieldState:
            steps = (step, ELEMENT) if is_place(step) else (step,)
            taken = [(i, s + 1) for group in groups for one in steps for i, s in group.get(one, ())]
            positions = frozenset(self._closure((*loops, *anything, *taken)))
            return self._state(_Key(positions, background, around))

        other = follow("")
        mentioned = {step for group in groups for step in group} - {ANY, ANY_DEPTH}
        followed = {step.removeprefix("="): follow(step) for step in mentioned}
        state.next = {name: target for name, target in followed.items() if target is not other}
        state.other = other
        state.counted = any(map(is_place, mentioned))
        if around is None:
            state.telling = self.telling
        settled = other is state and not state.next and state.telling is None
        state.dead = settled and state.rule is None

    def _closure(self, positions: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """``**`` may stand for nothing: a position before it is also one after it."""
        closed = set()
        for index, step in positions:
            closed.add((index, step))
            if step < len(self.paths[index]) and self.paths[index][step] == ANY_DEPTH:
                closed.add((index, step + 1))
        return closed

    def _by_step(self, positions: Iterable[tuple[int, int]]) -> dict[Step, list[tuple[int, int]]]:
        grouped: dict[Step, list[tuple[int, int]]] = {}
        for index, step in positions:
            grouped.setdefault(self.paths[index][step], []).append((index, step))
        return grouped


def _differ(one: FieldRule, other: FieldRule) -> bool:
    return (one.kind, one.action, one.shape, one.generalise, one.strict) != (
        other.kind,
        other.action,
        other.shape,
        other.generalise,
        other.strict,
    )
