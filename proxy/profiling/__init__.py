"""Profiling: requests whose very form says that they report on how a person behaves.

What it is for: the regulator's demand, "no predictive models of behaviour" (in French « pas de
modèle prédictif du comportement »). A model needs a stream of small facts about a person: what
was read, for how long, what was clicked, where one hesitated. Hosts change, and a service can
receive such a stream under its own name; the **format** of the stream stays, because the tools
that produce and read it agree on it. So this room looks at the format and never at the host.

What comes in: method, target and headers of a request; the beginning of its body, or of a
WebSocket message. What goes out: the ``Format`` that was recognised, or ``None``. What must
never happen here: a hit on an ordinary API call (a mark, a message, a document); an exception
because of what a client sent; work that grows with the body.

A request's way: ``heads`` (sure from method, URL and headers), then ``beginning`` (the first
bytes, without their content codings), ``words`` (whether any of the names that formats cannot
do without is there: nearly every request ends here), ``documents`` (JSON whole or cut, lines,
forms, parts) and ``members`` over the families ``learning``, ``behaviour``, ``recorders`` and
``diagnostics`` (a function a format: is this object one of its messages?). ``detect`` is the
door to all of it; ``formats`` the catalogue, which policies name too.
"""
