"""What would happen, why, and what would change it: for ``preau explain`` and ``preau test``.

What comes in: a ``Question`` (a URL, who asks, when) and a snapshot of policy and lists.
What goes out: an ``Explanation``: the decision, its rule with file and line, what else was
considered, and what to write to get another. What must never happen here: a decision of our
own. ``explain`` asks the functions that the gateway asks (``proxy.engine.decide``), so an
explanation cannot differ from the deed; ``considered`` and ``ways`` only add to it.
"""

from proxy.explaining.explain import Explanation, Question, explain

__all__ = ["Explanation", "Question", "explain"]
