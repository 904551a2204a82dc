"""Policies: what the site's administrators wrote, checked and compiled once, then only read.

What comes in: a site's folder (``services/*.yaml``, ``lists/never-inspect*.txt``) and the
``proxy.site.Site`` that its ``site.yaml`` describes.
What goes out: an immutable ``policy.Policy`` (verdict of a host, endpoints of a service), or
an ``InputError`` that names every mistake by file, line and column.
What must never happen here: a policy applied by halves, a rule dropped in silence, a lookup
whose cost grows with the number of services or rules.

The way of a file: ``document`` (YAML with marks) → ``schema`` checked by ``validation`` →
``compile`` (with ``paths``, ``automaton``, ``endpoints``) → ``policy``; ``advice`` warns about
what is valid but surely not meant; ``holder`` swaps policies while the gateway runs.
"""
