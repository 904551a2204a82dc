"""Seams are found as one automaton of all names would find them."""

from __future__ import annotations

import re
import time

from directory_people import index_of, person
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.directory.fold import fold

NAMES = [("Jo", "Le Gall"), ("Anne Marie", "Roy"), ("Roy", "Jo"), ("Zoé", "Vœu"), ("Lin", "Jo-Roy")]
INDEX = index_of([person(given, family) for given, family in NAMES])
SEAM = INDEX._names._seam


def _any(names, end):
    return "|".join(sorted({fold(n).names.decode("latin-1").split()[end] for n in names}))


GIVEN, FAMILY = zip(*NAMES, strict=True)
JOINT = "[ \n]{1,24}"
REFERENCE = re.compile(
    f"[ \n](?:(?:{_any(GIVEN, -1)}){JOINT}(?:{_any(FAMILY, 0)}|voeu)"
    f"|(?:{_any(FAMILY, -1)}|voeu){JOINT}(?:{_any(GIVEN, 0)}))[ \n]".encode("latin-1")
)
WORDS = st.sampled_from(["jo", "le", "gall", "anne", "marie", "roy", "zoe", "voeu", "lin", "x"])
GAPS = st.sampled_from([" ", "  ", "\n", " " * 8, " " * 9, " \n", "\n "])


def seams(finder, names):
    found, position = [], 0
    while hit := finder.search(names, position):
        start, end = hit.span()
        found.append((start, end))
        position = max(names.rfind(sign, start, end - 1) for sign in (b" ", b"\n"))
    return found


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(WORDS, GAPS), max_size=12))
def test_the_seams_are_those_of_one_automaton(parts):
    names = b"\n%b\n" % "".join(word + gap for word, gap in parts).encode("latin-1")
    assert seams(SEAM, names) == seams(REFERENCE, names)


def test_no_text_makes_the_search_quadratic():
    def seconds(size: int) -> float:
        texts = ("jo" + " " * size + "le", "x" * size + " jo " * (size // 40), "jo " * (size // 3))
        started = time.process_time()
        for text in texts:
            seams(SEAM, b"\n%b\n" % text.encode())
        return time.process_time() - started

    seconds(1000)
    assert seconds(400_000) < 40 * max(seconds(40_000), 0.005)
