"""The demonstration: generated people, a small cloud, the story told in the terminal.

What comes in: a number of people and a seed. What goes out: the same cast every time, its
rosters, and (``preau demo``) every promise shown and checked on loopback.
What must never happen here: a real person's data, a phone number or national identifier that
could be somebody's, a connection that leaves this machine.
"""
