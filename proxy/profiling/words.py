"""Names that formats cannot do without: whether any is there decides if a body is read at all.

One expression, linear in the text (RE2), over the beginning of every body. It says "perhaps";
``detect`` then reads the document and says which.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2

FRAME = r'"(?:{})"'


def expression(words: Iterable[str], patterns: Iterable[str]) -> re2._Regexp:
    """What finds one of ``words`` as a JSON string, or one of ``patterns``."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    names = "|".join(sorted({re2.escape(word) for word in words}))
    text = "|".join([*([FRAME.format(names)] if names else []), *sorted(set(patterns))])
    return re2.compile(text.encode("latin-1"), options)
