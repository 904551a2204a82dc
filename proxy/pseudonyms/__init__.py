"""Pseudonyms: what a service sees in place of an identifier, and the way back.

What comes in: a kind and a text (or a reference of the directory), a service, the site's keys.
What goes out: a pseudonym in the shape that the field accepts; from an answer's text, the
edits that put every pseudonym of this service back to exactly what was typed.
What must never happen here: the same pseudonym for two services, two pseudonyms for one
value in one service, a pseudonym that anyone without the keys can make or read, a secret or
a plaintext value in a repr, a log or an error.

The way through the house: ``keys`` derives what every purpose needs from the site's key
files (``keyfiles``); ``canonical`` says what two spellings have in common and ``forms`` how
the seen one derives from it; ``sealing`` turns a reference into one AES block and ``radix``
that block into letters; ``shapes`` and ``tokens`` dress it for a field and find it again;
``values`` seals texts at rest and ``vault`` keeps those that the directory does not know;
``pseudonymiser`` does both directions for one service; ``minimise`` generalises.
"""
