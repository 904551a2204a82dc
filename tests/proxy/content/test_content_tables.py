"""A change of cell reads as a comma, however it is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.content.lines import _Table


@given(
    sign=st.sampled_from(";,\t|"),
    cells=st.lists(st.sampled_from(('"', '""', "a", "\n", "\0", "é", "SIGN")), max_size=14),
)
def test_the_quick_reading_of_a_table_is_that_of_its_pattern(sign: str, cells: list[str]) -> None:
    table = _Table(sign * 3 + "\n")
    assert table.delimiter == sign
    raw = "".join(cells).replace("SIGN", sign)
    assert table.decode(raw) == table.between.sub(",", raw)
