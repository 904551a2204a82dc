"""Checkpoints given away, so that nobody can take them back.

What comes in: the newest signed checkpoint, with what witnesses signed under it. What goes
out: the same note to a file, a URL, a git repository, or a sheet of paper (``targets``);
in words that a person can read out and type (``words``).

What must never happen here: anything but a signed note leaves; a published history is
shortened or changed; a target that is away keeps a request, or another target, waiting.
"""

from proxy.audit.publish.paper import sheet, svg
from proxy.audit.publish.targets import FileTarget, GitTarget, PaperTarget, Target, UrlTarget
from proxy.audit.publish.words import from_words, to_words

__all__ = [
    "FileTarget",
    "GitTarget",
    "PaperTarget",
    "Target",
    "UrlTarget",
    "from_words",
    "sheet",
    "svg",
    "to_words",
]
