"""What is wrong with a site or its gateway, why it matters, and the command that mends it.

What comes in: a site's folder, and the gateway that may run on it. What goes out: findings,
one a check, with a severity, the same sentence in French and English, and a command.

A check is a function from a site to findings, in the module of what it looks at: ``files``
(policy, keys, CA, lists, directory, leftovers), ``records`` (store, audit log),
``machine`` (disks, clock, limits, versions, service), ``network`` (ports, names, the way out).

What must never happen here: anything is changed (not even a store's file made); a secret or
anybody's data in a finding; one check that breaks or hangs keeps the others from being made.
"""

from proxy.doctor.examination import CHECKS, examine
from proxy.doctor.finding import Finding, Severity

__all__ = ["CHECKS", "Finding", "Severity", "examine"]
