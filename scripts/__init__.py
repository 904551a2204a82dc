"""What ``make`` runs: prepare a machine, check the house. Nothing of the product.

What comes in: a fresh clone. What goes out: ``.venv``, installed programs, a verdict.
What must never happen here: a service started or stopped, a system setting changed,
a package whose hash is not in ``requirements/``.
"""
