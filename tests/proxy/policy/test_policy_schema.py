"""The JSON Schemas that editors use are those of the code, and accept the default site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proxy.policy.json_schema import SCHEMAS, schema_text
from proxy.policy.service_schema import Coarse, Shape

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == schema_text(name), "run: python -m proxy.policy.json_schema docs"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_of_a_schema_is_described(name: str) -> None:
    document = json.loads(schema_text(name))
    for schema in (document, *document["$defs"].values()):
        for key, value in schema.get("properties", {}).items():
            # A description that says what its class says stands with the class only.
            inner = document["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
            assert value.get("description") or inner.get("description"), key
            assert schema["additionalProperties"] is False


def test_shapes_and_generalisations_are_those_that_pseudonyms_know() -> None:
    shapes = pytest.importorskip("proxy.pseudonyms.shapes")
    minimise = pytest.importorskip("proxy.pseudonyms.minimise")
    assert set(Shape) == set(shapes.SHAPE_NAMES)
    assert set(Coarse) == set(minimise.GENERALISATIONS)
