"""The first line of a request rule: ``GET|DELETE /v1/courses/{courseId}/students/{userId}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from proxy.policy.model import FieldRule
from proxy.policy.parts import Part, Several, part_of, several_of

ANY_METHOD: Final = "ANY"
TAIL: Final = "..."
_METHOD = re.compile(r"[A-Z]{2,16}")
_PARAMETER = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]{0,63})\}")
_MAX_SEGMENTS = 40
_MAX_VALUES = 8


@dataclass(frozen=True, slots=True)
class Template:
    """Methods and a path; ``segments`` holds names for parameters as ``{name}``.

    A parameter may have fixed text around it: ``users('{id}')``, ``{id}.json``, ``{a}-{b}``.

    ``tail`` says that the path stands for itself and for every path below it.
    """

    methods: tuple[str, ...]
    segments: tuple[str, ...]
    tail: bool

    @property
    def parameters(self) -> dict[str, int]:
        """The index of each parameter's segment."""
        return {name: i for i, s in enumerate(self.segments) for name in _PARAMETER.findall(s)}

    def alone(self) -> dict[str, int]:
        """Likewise, without those that share their segment."""
        return {
            names[0]: i
            for i, s in enumerate(self.segments)
            if len(names := _PARAMETER.findall(s)) == 1
        }

    def parts(
        self, *, ignore_case: bool, rules: Mapping[str, FieldRule] | None = None
    ) -> dict[int, Part | Several]:
        """By index, the segments that have fixed text around their parameters.

        ``rules``: by parameter, for segments with several of them.
        """
        found: dict[int, Part | Several] = {}
        for i, segment in enumerate(self.segments):
            fixed = fixed_text(segment)
            if fixed is None:
                continue
            if len(fixed) == 2:
                found[i] = part_of(*fixed, ignore_case=ignore_case)
            else:
                named = tuple(map((rules or {}).get, _PARAMETER.findall(segment)))
                found[i] = several_of(fixed, ignore_case=ignore_case, rules=named)
        return found

    @property
    def path(self) -> str:
        """The path with parameters in braces: holds no value of a request."""
        return "/" + "/".join((*self.segments, "…") if self.tail else self.segments)


def is_parameter(segment: str) -> bool:
    """Whether a template's segment stands for any value."""
    return _PARAMETER.fullmatch(segment) is not None


def fixed_text(segment: str) -> tuple[str, ...] | None:
    """What stands before, between and after parameters that are not the whole segment."""
    texts = tuple(_PARAMETER.split(segment)[::2])
    return texts if len(texts) > 1 and any(texts) else None


@lru_cache(maxsize=4096)
def parse_match(text: str) -> Template:
    """The template in ``text``. Raises ``ValueError`` that says what was expected."""
    methods, _, path = text.strip().partition(" ")
    path = path.strip()
    names = tuple(methods.split("|"))
    if not path.startswith("/") or not all(_METHOD.fullmatch(name) for name in names):
        raise ValueError("expected a method and a path, such as 'POST /v1/courses/{courseId}'")
    if "?" in path or "#" in path:
        raise ValueError("the path stands without '?', parameters go under 'query:'")
    segments = tuple(path[1:].split("/"))
    if tail := segments[-1] in (TAIL, "…"):
        segments = segments[:-1]
    if segments and segments[-1] == "":
        segments = segments[:-1]
    if len(segments) > _MAX_SEGMENTS:
        raise ValueError(f"a path of {len(segments)} parts, expected at most {_MAX_SEGMENTS}")
    for segment in segments:
        _check(segment)
    parameters = [name for segment in segments for name in _PARAMETER.findall(segment)]
    if len(set(parameters)) != len(parameters):
        raise ValueError("two parts in braces have the same name")
    return Template(names, tuple(unquote(segment) for segment in segments), tail)


def _check(segment: str) -> None:
    if not segment:
        raise ValueError("an empty part ('//') stands in the path")
    if segment in (TAIL, "…"):
        raise ValueError("'...' may only stand at the end of the path")
    rest, braced = _PARAMETER.subn("", segment)
    if "{" in rest or "}" in rest:
        raise ValueError(f"expected a name in braces such as {{userId}}, not {segment!r}")
    if "" in _PARAMETER.split(segment)[2:-1:2]:
        raise ValueError(
            f"two names in braces side by side ({segment!r}): where one value ends cannot be "
            "told, put text between them or one name for both"
        )
    if braced > _MAX_VALUES:
        raise ValueError(f"more than {_MAX_VALUES} names in braces in one part ({segment!r})")
    if braced and ";" in rest:
        raise ValueError(f"';' begins matrix parameters and cannot stand in {segment!r}")
