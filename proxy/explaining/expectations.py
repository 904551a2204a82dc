"""A site's own tests: ``tests/*.yaml``, what is asked and what should come of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError
from proxy.explaining.explain import Question, explain
from proxy.policy.document import Document, read_document
from proxy.policy.problems import InvalidFiles, Problem
from proxy.policy.site_schema import Group, Line
from proxy.policy.validation import Strict, validate
from proxy.timetable.schema import Moment, Words

FOLDER = "tests"


class GivenFile(Strict):
    """What is asked."""

    url: Line = Field(description="https://app.example.com/path")
    method: Line = Field(default="GET", description="GET, POST …")
    type: str = Field(default="", description="script, image, document, xmlhttprequest …")
    source: str = Field(default="", description="The page that asks.")
    client: str = Field(default="127.0.0.1", description="An address of your networks.")
    school: str = Field(default="", description="Instead of what the address says.")
    group: Group | None = Field(default=None, description="Likewise: pupils, staff, guest.")
    classes: Words = Field(alias="class", default=(), description="Likewise.")
    at: Moment | None = Field(default=None, description="2026-11-24 10:05; not written: now.")


class ExpectFile(Strict):
    """What should come of it; what is not written may be anything."""

    decision: str | None = Field(
        default=None, pattern="^(?:forward|tunnel|block|refuse)$", description="The decision."
    )
    reason: str | None = Field(default=None, description="Why nothing leaves: rule-denied …")
    list: str | None = Field(default=None, description="The block list that decides.")
    category: str | None = Field(default=None, description="Of the rule that blocks.")
    redirect: str | None = Field(default=None, description="The stand-in it is answered with.")
    service: str | None = Field(default=None, description="The service it belongs to.")
    treatment: str | None = Field(default=None, description="inspect, tunnel or deny.")
    endpoint: str | None = Field(default=None, description="The request rule: /v1/users/{id}.")
    who_when: str | None = Field(default=None, description="The rule or exception, by its name.")
    file: str | None = Field(default=None, description="The file that decides.")


def _given(value: object) -> object:
    """A URL alone is short for the whole."""
    return {"url": value} if isinstance(value, str) else value


def _expect(value: object) -> object:
    return {"decision": value} if isinstance(value, str) else value


class TestFile(Strict):
    """One test."""

    name: Line = Field(description="What should hold, as a sentence.")
    given: Annotated[GivenFile, BeforeValidator(_given, json_schema_input_type=GivenFile | str)] = (
        Field(description="What is asked.")
    )
    expect: Annotated[
        ExpectFile, BeforeValidator(_expect, json_schema_input_type=ExpectFile | str)
    ] = Field(description="What should come of it.")


class TestsFile(Strict):
    """What a site expects of its policies; `preau test` runs it."""

    tests: Annotated[tuple[TestFile, ...], Field(min_length=1)] = Field(description="The tests.")


@dataclass(frozen=True, slots=True)
class Result:
    """One test that ran. ``wrong`` names each expectation that was not met: is, should be."""

    name: str
    file: str
    line: int
    wrong: tuple[tuple[str, str, str], ...]
    microseconds: int
    error: str = ""
    rule: str = ""
    """File and line of the rule that decided."""

    @property
    def good(self) -> bool:
        """Whether all is as expected."""
        return not self.wrong and not self.error


def read_tests(root: Path, files: list[Path]) -> list[tuple[Document, TestsFile]]:
    """The test files, checked. Raises ``InvalidFiles`` with every mistake."""
    chosen = files or sorted((root / FOLDER).glob("*.y*ml"))
    if not chosen:
        raise InputError(f"there is no test in {root / FOLDER}: write one there, NAME.yaml")
    problems: list[Problem] = []
    found = []
    for path in chosen:
        name = path.relative_to(root) if path.is_relative_to(root) else path
        document, _ = read_document(path, name.as_posix())
        written = validate(document, TestsFile)
        problems += document.problems
        if written is not None:
            found.append((document, written))
    if problems:
        raise InvalidFiles("the tests cannot be used", problems)
    return found


def run_tests(snapshot: Snapshot, files: list[tuple[Document, TestsFile]]) -> Iterator[Result]:
    """Ask every question, in order."""
    for document, written in files:
        for index, test in enumerate(written.tests):
            line = document.mark(("tests", index)).line
            yield _run(snapshot, test, document.file, line)


def _run(snapshot: Snapshot, test: TestFile, file: str, line: int) -> Result:
    given = test.given
    question = Question(
        given.url,
        type=given.type,
        source=given.source,
        method=given.method,
        client=given.client,
        school=given.school,
        group=given.group.value if given.group else "",
        classes=",".join(given.classes),
        at=given.at or "",
    )
    started = time.perf_counter()
    try:
        answer = explain(snapshot, question)
    except InputError as error:
        return Result(test.name, file, line, (), 0, str(error))
    spent = int((time.perf_counter() - started) * 1e6)
    wanted = test.expect.model_dump(exclude_none=True)
    wrong = tuple(
        (name, str(getattr(answer, name)), str(value))
        for name, value in wanted.items()
        if str(getattr(answer, name)) != str(value)
    )
    return Result(test.name, file, line, wrong, spent, "", f"{answer.file}:{answer.line}")
