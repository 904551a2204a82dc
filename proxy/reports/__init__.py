"""What people read: pages and documents made of the policy, the audit log and the directory.

What comes in: facts that other rooms have gathered. What goes out: text in French or English, as
HTML that prints, needs no script and loads nothing, or as JSON. What must never happen here: a
value that is not escaped; a page about one person that others can read.
"""
