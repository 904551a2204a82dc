"""Surrogates: the scripts that stand in for the blocked ones that pages count on.

What comes in: nothing but the files here, once. What goes out: for a name that filter lists
write after ``$redirect=``, or for the address of a script, the body to answer with. What must
never happen here: a line copied from another project's surrogate, a network call or a stored
value in a script, a file that no row of the table explains.

Each ``*.js`` was written for this project from the vendor's public documentation of the calls
that pages make. It defines the globals the vendor's script defines, takes what a snippet has
queued, runs the callbacks, settles the promises, and does nothing else. ``kit.js`` holds what
they share; a surrogate is the kit and its file inside one function.
"""

from proxy.blocking.surrogates.bodies import for_address, script
from proxy.blocking.surrogates.table import SURROGATES, Surrogate

__all__ = ["SURROGATES", "Surrogate", "for_address", "script"]
