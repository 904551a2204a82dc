"""Marks of what held nothing: two texts never share one, and their number is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.marks import Marks, mark_of


def test_a_text_and_its_bytes_read_as_latin_1_have_two_marks() -> None:
    wide = "rendu par ŹREBIEC"
    raw = wide.encode("utf-16-le").decode("latin-1")
    assert hash(wide) == hash(raw)  # what a hash alone would take for one text
    assert mark_of(wide) != mark_of(raw)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 9))
def test_no_traffic_makes_them_grow(marks: list[int], most: int) -> None:
    kept = Marks(most)
    for mark in marks:
        kept.remember(mark)
        assert mark in kept
        assert len(kept) <= most
