"""Learning analytics: what a pupil did in a course, in the formats of record stores.

Caliper Analytics (1EdTech): an envelope ``{sensor, sendTime, dataVersion, data: [event …]}``
whose ``dataVersion``, or whose events' ``@context``, is below ``purl.imsglobal.org/ctx/caliper``.
Experience API (ADL, IEEE 9274.1.1): a statement "actor verb object", each of them an object;
the verb's ``id`` is an IRI. (In Activity Streams, which looks alike, a verb is a word.)
"""

from __future__ import annotations

import re

from proxy.profiling.members import Object, is_text

_CALIPER = "imsglobal.org/ctx/caliper"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_WHO = frozenset(("mbox", "mbox_sha1sum", "openid", "account", "member", "objectType", "name"))


def caliper(found: Object) -> bool:
    """An envelope, or an event that came without one."""
    if "sensor" in found and ("sendTime" in found or "dataVersion" in found):
        data = found.get("data")
        return _of_caliper(found.get("dataVersion")) or (
            isinstance(data, list)
            and any(isinstance(each, dict) and "@context" in each for each in data)
        )
    return _of_caliper(found.get("@context"))


def _of_caliper(context: object) -> bool:
    if isinstance(context, list):
        return any(_of_caliper(each) for each in context)
    return isinstance(context, str) and _CALIPER in context


def xapi(found: Object) -> bool:
    """A statement."""
    actor, verb, what = found.get("actor"), found.get("verb"), found.get("object")
    if not (isinstance(actor, dict) and isinstance(verb, dict)):
        return False
    identifier = verb.get("id")
    if not (is_text(identifier) and _IRI.fullmatch(identifier) and not _WHO.isdisjoint(actor)):
        return False
    return what is None or (isinstance(what, dict) and ("id" in what or "objectType" in what))
