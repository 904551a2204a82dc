"""SCIM 2.0 (RFC 7643, 7644): one bulk request that creates users, then groups of classes.

``POST /Bulk`` takes it as it is; a server that limits how many operations it takes says so in
``/ServiceProviderConfig``. Members are named by ``bulkId``, since the server's own ids are not
known yet; ``externalId`` is ours and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from proxy.directory.exporters.accounts import Account, Accounts, Options
from proxy.directory.exporters.output import new_password
from proxy.kinds import SubjectKind

NAME = "scim"
SUFFIX = ".json"
KINDS = frozenset(SubjectKind)

_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_TYPES = {
    SubjectKind.PUPIL: "Student",
    SubjectKind.STAFF: "Staff",
    SubjectKind.GUARDIAN: "Guardian",
}


def write(accounts: Accounts, options: Options, out: BinaryIO) -> None:
    """Operation after operation, so that memory does not grow with the people."""
    out.write(f'{{"schemas":["{_BULK}"],"Operations":['.encode())
    for index, operation in enumerate(_operations(accounts, options)):
        text = json.dumps(operation, ensure_ascii=False, separators=(",", ":"))
        out.write(f"{',' if index else ''}\n{text}".encode())
    out.write(b"\n]}\n")


def _operations(accounts: Accounts, options: Options) -> Iterator[dict[str, Any]]:
    for account in accounts:
        yield _post("/Users", account.id, _user(account, options))
    members: dict[str, list[str]] = {}
    for member in accounts.members():
        for one in member.classes:
            members.setdefault(one.id, []).append(member.id)
    for group in accounts.classes:
        listed = [{"value": f"bulkId:{one}"} for one in members.get(group.id, ())]
        data = {
            "schemas": [_GROUP],
            "externalId": group.id,
            "displayName": group.title,
            "members": listed,
        }
        yield _post("/Groups", group.id, data)


def _post(path: str, bulk_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": data}


def _user(account: Account, options: Options) -> dict[str, Any]:
    names = {
        "formatted": account.full_name,
        "familyName": account.family_name,
        "givenName": account.given_name,
    }
    user: dict[str, Any] = {
        "schemas": [_USER],
        "externalId": account.id,
        "userName": account.email,
        "name": {key: name for key, name in names.items() if name},
        "displayName": account.full_name,
        "userType": _TYPES[account.kind],
        "active": True,
        "emails": [{"value": account.email, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": account.phone, "type": "work"}] if account.phone else [],
        "password": new_password() if options.new_passwords else "",
    }
    return {key: value for key, value in user.items() if value not in ("", [], {})}
