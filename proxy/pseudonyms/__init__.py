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
that block into letters, or ``ff1`` into fewer; ``aliases`` gives what is smaller still, with
the store's help; ``shapes`` and ``tokens`` dress all of them for a field and find them again;
``values`` seals texts at rest and ``vault`` keeps those that the directory does not know, with
where they were used and when; ``pseudonymiser`` does both directions for one service, within a
viewer's scope; ``options`` is what a pack says of them; ``minimise`` generalises.
"""
