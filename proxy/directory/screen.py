"""One look at a text before anything else: can there be anything in it at all?

Each net has its own folding and its own pass (``names``, ``identifiers``, ``titled``). Most
texts hold nobody, and for those one folding and one pass of RE2 over it answer for all nets
together, and for what makes a text more than it shows: escapes, a nested encoding, fields whose
names tell. A screen finds *candidates*: where it finds none of a kind, the net of that kind
finds nothing; where it finds some, the net has to be asked.

The folding (``flat``) is the finer of the two of ``fold``: letters as in ``names``, all else
as in ``ids``. RE2 gives no error when its memory does not suffice, only no match. So each text
begins with a mark that must be found: if it is not, nothing was proved.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import re2

from proxy.content import signs as sign
from proxy.directory.fold import flat
from proxy.directory.mentions import BEFORE
from proxy.directory.name_table import as_pattern
from proxy.directory.words import TITLES
from proxy.policy.model import Mentioned

_MARK = b"\x04"
_LETTERS = r"a-z\x9c-\x9e\xc0-\xff"
_SOFT = "[ ,'-]"
_HARD = f"[^{_LETTERS} ,'-]"
_HIDDEN = (
    r"%[0-9a-f]{2}|&(?:#[0-9x]|[a-z][a-z0-9]{1,31};)|<[a-z!/?]|[^ \"]\+[^ \"]|''|[ (,]'"
    r"|eyj|\"ciphertext\"|[\x03\x05]|[a-z0-9+/\x02-]\"+[a-z0-9+/\x02-]"
)
"""``content.triggers`` and the like, each no narrower; a token, a soft hyphen or a control
character (``fold.flat``), and a quote between letters, which stands in no JSON."""
_QUOTED = r"=[?0-9a-f\r\n]"


class Screen:
    """What one directory's nets look for, as one pass. Immutable, shared by threads."""

    def __init__(
        self, given_words: Iterable[bytes], identifiers: bytes, telling: str, typed: str
    ) -> None:
        """``telling`` and ``typed``: patterns of words in names of fields."""
        words = sorted(given_words)
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.never_capture = True
        options.max_mem = (16 << 20) + 800 * (sum(map(len, words)) + len(identifiers))
        self._set = re2.Set.SearchSet(options)
        self._bits: dict[int, int] = {}
        titles = "|".join(sorted(title.decode() for title in TITLES))
        for bit, pattern in (
            (0, r"\x04"),
            (sign.NAMES, _whole(words)),
            (sign.IDENTIFIERS, f"{BEFORE}|{identifiers.decode('latin-1')}"),
            (
                sign.TITLES,
                rf"[^{_LETTERS}](?:(?:{titles})(?:{_HARD}{_SOFT}{{0,3}}|{_SOFT}{{1,3}})"
                rf"|[a-z]\.{_SOFT}{{0,2}})[{_LETTERS}]{{2}}|[{_LETTERS}]{{2}}{_SOFT}{{1,3}}[a-z]\.",
            ),
            (sign.HIDDEN, _HIDDEN + _in_text(telling)),
            (sign.ESCAPED, r"\\"),
            (sign.QUOTED, _QUOTED),
            (sign.FIELDS, _member(telling)),
            (sign.TYPED, _member(typed)),
        ):
            if pattern:
                self._bits[self._set.Add(pattern.encode("latin-1"))] = bit
        self._set.Compile()
        in_form = telling.replace('[^a-z"]', '[^a-z&\\n"]')
        self._form = re2.compile(f"(?:{in_form})[^&\\n]*\\n".encode("latin-1"), options)

    def may_tell(self, form: str) -> bool:
        """Whether a form may have fields whose names tell: decoded, a line break for each ``=``."""
        folded = flat(form)
        return folded is None or self._form.search(folded) is not None

    def signs(self, text: str, *mentioned: Mentioned) -> int | None:
        """The signs that stand in ``text``; ``None`` if that cannot be told quickly.

        ``mentioned``: names that rules mention, beside those that tell by themselves.
        """
        names = _names(*mentioned)
        if names is None:
            return None
        folded = flat(text)
        if folded is None:
            return None
        found = self._set.Match(b"%b\n%b\n" % (_MARK, folded))
        if found is None:
            return None
        bits, marked = 0, False
        for index in found:
            bit = self._bits[index]
            bits |= bit
            marked = marked or not bit
        if not marked:
            return None
        fields, typed = names
        if fields is not None and fields.search(folded):
            bits |= sign.FIELDS
        if typed is not None and typed.search(folded):
            bits |= sign.TYPED
        return bits


type _Names = tuple[re2._Regexp | None, re2._Regexp | None]


@lru_cache(256)
def _names(*mentioned: Mentioned) -> _Names | None:
    """Patterns of the names that rules mention, for flat text; ``None`` if there can be none."""
    if any(each.any for each in mentioned):
        return None
    fields = frozenset().union(*(each.fields for each in mentioned))
    typed = frozenset().union(*(each.typed for each in mentioned)) - fields
    try:
        return _compile_names(fields), _compile_names(typed)
    except ValueError:
        return None


def _compile_names(names: Iterable[str]) -> re2._Regexp | None:
    """Raises ``ValueError`` for a name that no flat text can hold."""
    known = [flat(name) for name in sorted(names)]
    if not known:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    if None in known:
        raise ValueError
    any_name = "|".join(re2.escape(name.decode("latin-1")) for name in known if name)
    return re2.compile(f'"(?:{any_name})"[ \t\r\n]*:'.encode("latin-1"), options)


def _whole(words: list[bytes]) -> str:
    """Any of these words, whole; nothing where there are none."""
    if not words:
        return ""
    return f"[^{_LETTERS}](?:{'|'.join(map(as_pattern, words))})[^{_LETTERS}]"


def _member(words: str) -> str:
    """A member of an object with one of these words in its name."""
    return rf'(?:{words})[^"]*"[ \t\r\n]*:' if words else ""


def _in_text(words: str) -> str:
    """A field in a text, by its name and what stands behind it (``content.told_in_text``)."""
    behind = r"[a-z._-]{0,30} ?(?:[:=~]{1,2} ?\\*[\"'a-z]|(?:eq|ne|co|sw|ew|like|is) [\"'])"
    return f"|(?:{words}){behind}" if words else ""
