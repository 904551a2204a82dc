"""What people read: reports made from the policy and the audit log, and evidence to hand out.

What comes in: a site's policy as written (``facts``) and its log, counted in one pass
(``tally``). What goes out: a ``Document`` of plain blocks, in French or English, which
``page`` turns into one accessible HTML page without script and ``document.as_json`` into
JSON; for a supplier, an evidence file whose every event carries its proof (``evidence``),
checked by ``evidence_check``.

What must never happen here: a number that the log does not hold; a text of a policy that
becomes markup; a page that fetches anything; a statement of law in the site's name (what
only people can say is a marked blank).

Start reading at ``document``, then one report: ``families``, ``transfers``, ``supplier``,
``record``, ``dpia``, ``year``. About one person: ``subject``, which never leaves
whoever asked for it.
"""
