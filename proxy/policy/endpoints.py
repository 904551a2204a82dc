"""Finds the endpoint of a request: a tree by path segment.

Of the templates that fit a method and a path, the most specific one is found: segment by
segment from the left, written out beats ``{parameter}.json`` (the one with more fixed text
first) beats ``{parameter}`` beats ``...``; of two with the same
path, the one that names the method beats ``ANY``. The search goes back at most to other
branches of the tree, so its cost is bounded by the tree and does not grow with the path.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from proxy.policy.model import Endpoint, EndpointTable
from proxy.policy.parts import Part, Several, part_of, several_of
from proxy.policy.templates import ANY_METHOD, Template, fixed_text, is_parameter

DEFAULT_TEMPLATE: Final = "/…"


class _Node:
    __slots__ = ("here", "mixed", "parameter", "static", "tail")

    def __init__(self) -> None:
        self.static: dict[str, _Node] = {}
        self.mixed: dict[tuple[str, ...], tuple[Part | Several, _Node]] = {}
        self.parameter: _Node | None = None
        self.here: dict[str, Endpoint] = {}
        self.tail: dict[str, Endpoint] = {}


class EndpointTree(EndpointTable):
    """An endpoint table. ``add`` while compiling, ``find`` ever after."""

    __slots__ = ("_fold", "_root", "default")

    def __init__(self, default: Endpoint, *, ignore_case: bool = False) -> None:
        self._root = _Node()
        self.default = default
        self._fold = ignore_case

    def add(self, template: Template, endpoint: Endpoint) -> Endpoint | None:
        """Add an endpoint; the one already there for a same method and path, if any."""
        node = self._root
        for segment in template.segments:
            if is_parameter(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            elif (fixed := fixed_text(segment)) is not None:
                node = self._mixed(node, fixed)
            else:
                key = segment.lower() if self._fold else segment
                node = node.static.setdefault(key, _Node())
        table = node.tail if template.tail else node.here
        for method in template.methods:
            if (there := table.get(method)) is not None:
                return there
            table[method] = endpoint
        return None

    def _mixed(self, node: _Node, fixed: tuple[str, ...]) -> _Node:
        key = tuple(text.lower() for text in fixed) if self._fold else fixed
        if key not in node.mixed:
            part: Part | Several = (
                part_of(*fixed, ignore_case=self._fold)
                if len(fixed) == 2
                else several_of(fixed, ignore_case=self._fold)
            )
            node.mixed[key] = part, _Node()
            order = sorted(node.mixed, key=lambda k: (-sum(map(len, k)), -len(k[0]), k))
            node.mixed = {each: node.mixed[each] for each in order}
        return node.mixed[key][1]

    def find(self, method: str, path: str) -> Endpoint:
        """The endpoint of a request; the service's default when no template fits."""
        segments = path.split("/")[1:]
        if segments and segments[-1] == "":
            segments.pop()
        return self._search(self._root, segments, 0, method) or self.default

    def _search(self, node: _Node, segments: list[str], index: int, method: str) -> Endpoint | None:
        if index == len(segments):
            found = node.here.get(method) or node.here.get(ANY_METHOD)
        else:
            segment = segments[index]
            found = None
            if node.static and (child := self._written(node, segment)) is not None:
                found = self._search(child, segments, index + 1, method)
            if node.mixed and found is None:
                value = segment.partition(";")[0]
                for part, child in node.mixed.values():
                    if part.span(value) and (
                        found := self._search(child, segments, index + 1, method)
                    ):
                        break
            if found is None and node.parameter is not None and segment:
                found = self._search(node.parameter, segments, index + 1, method)
        return found or node.tail.get(method) or node.tail.get(ANY_METHOD)

    def _written(self, node: _Node, segment: str) -> _Node | None:
        """The branch of a written part; ``%75sers`` is ``users`` to a service."""
        if "%" in segment:
            segment = unquote(segment)
        return node.static.get(segment.lower() if self._fold else segment)
