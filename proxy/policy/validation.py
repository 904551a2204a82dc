"""From a document to a checked schema object: every mistake at once, each with its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from proxy.policy.document import Document, Location
from proxy.policy.problems import Problem, did_you_mean


class Strict(BaseModel):
    """Base of every schema class: unknown keys are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: Any) -> Any:
        """``networks:`` with nothing behind it (all its lines are remarks) says nothing."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}


def validate[Schema: Strict](document: Document, schema: type[Schema]) -> Schema | None:
    """The document as ``schema``; ``None`` when problems were added to the document."""
    if document.problems:
        return None
    data = {} if document.data is None else document.data
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            if not _follows_from_another(detail, details):
                document.problems.append(_problem(document, schema, detail))
        return None


def _follows_from_another(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """A list is also called too short when its only element is wrong: say the latter only."""
    location = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(location)] == location and other is not detail for other in details
    )


def _problem(document: Document, schema: type[Strict], detail: ErrorDetails) -> Problem:
    location = detail["loc"]
    key = str(location[-1]) if location else ""
    match detail["type"]:
        case "extra_forbidden":
            known = _known_keys(schema, location[:-1])
            return document.problem(location, f"unknown key {key!r}, {_hint(key, known)}", key=True)
        case "missing":
            message = f"the key {key!r} is missing or empty here"
            return document.problem(location[:-1], message)
        case _:
            return document.problem(location, f"{_named(location)}{_expected(detail)}")


def _named(location: Location) -> str:
    names = [str(step) for step in location if isinstance(step, str)]
    return f"{names[-1]}: " if names else ""


def _hint(key: str, known: Collection[str]) -> str:
    return did_you_mean(key, known) if known else "no keys are expected here"


def _expected(detail: ErrorDetails) -> str:
    """Our sentence for a pydantic error; the value itself is shown only where it is a word."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "enum":
            words = [word.strip(" '") for word in _words(str(context.get("expected", "")))]
            given = str(detail["input"])
            return f"unknown value {given!r}, {did_you_mean(given, words)}"
        case "value_error":
            return str(context.get("error", "is not valid"))
        case "too_short":
            return "expected at least one"
        case "string_type":
            return "expected text"
        case "int_parsing" | "int_type":
            return "expected a whole number"
        case "bool_parsing" | "bool_type":
            return "expected true or false"
        case "list_type" | "tuple_type":
            return "expected a list (lines that start with '- ', or [a, b])"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "expected indented 'key: value' lines"
        case "date_from_datetime_parsing" | "date_parsing" | "date_type":
            return "expected a date such as 2026-09-01"
        case _:
            return str(detail["msg"])


def _words(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _known_keys(schema: type[Strict], location: Location) -> tuple[str, ...]:
    """The keys that the schema has at ``location``; none when any key may stand there."""
    here: Any = schema
    for step in location:
        here = _inside(_plain(here), step)
    here = _plain(here)
    if isinstance(here, type) and issubclass(here, Strict):
        return tuple(info.alias or name for name, info in here.model_fields.items())
    return ()


def _plain(annotation: Any) -> Any:
    """The annotation without ``Annotated`` and without ``| None``."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(a for a in get_args(annotation) if a is not NoneType)
    return annotation


def _inside(annotation: Any, step: str | int) -> Any:
    """The annotation of what stands at ``step`` inside a value of ``annotation``."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        for name, info in annotation.model_fields.items():
            if (info.alias or name) == step:
                return info.annotation
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    return arguments[0] if arguments else None
