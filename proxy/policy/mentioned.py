"""Which names of members the field rules of a body depend on, whatever path leads to them.

A body in which none of these names stands holds no value under a rule: it need not be parsed
to know that. ``mentioned`` follows the automaton once for each policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.policy.model import ELEMENT, Action, FieldState, Mentioned

_MOST = 2000


def mentioned(start: FieldState) -> Mentioned:
    """The names that matter from ``start`` on."""
    if start.mentioned is None:
        start.mentioned = _mentioned(start)
    return start.mentioned


def _mentioned(start: FieldState) -> Mentioned:
    states = list(_reachable(start))
    if len(states) >= _MOST or _actions(start):
        return Mentioned(any=True)
    fields: set[str] = set()
    typed: set[str] = set()
    for state in states:
        for name, target in state.next.items():
            if _is_place(name):
                continue
            actions = _actions(target)
            if actions - {Action.SEARCH}:
                fields.add(name)
            elif actions:
                typed.add(name)
    return Mentioned(frozenset(fields), frozenset(typed))


def _reachable(start: FieldState) -> Iterator[FieldState]:
    seen = {id(start)}
    waiting = [start]
    while waiting and len(seen) < _MOST:
        state = waiting.pop()
        yield state
        for target in (*state.next.values(), state.other):
            if id(target) not in seen:
                seen.add(id(target))
                waiting.append(target)


def _actions(start: FieldState) -> set[Action]:
    """What rules do to a value here, or below under elements and members without a name."""
    seen = {id(start)}
    waiting = [start]
    found: set[Action] = set()
    while waiting:
        state = waiting.pop()
        if state.rule is not None and state.rule.action is not Action.ALLOW:
            found.add(state.rule.action)
        unnamed = [target for name, target in state.next.items() if _is_place(name)]
        for target in (*unnamed, state.other):
            if id(target) not in seen:
                seen.add(id(target))
                waiting.append(target)
    return found


def _is_place(name: str) -> bool:
    return name == ELEMENT or (name.startswith("[") and name.endswith("]"))
