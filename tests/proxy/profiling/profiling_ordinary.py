"""Ordinary requests: what lessons are made of, as public API documentation shows it.

None of them may be taken for a report on behaviour. Some are here because they resemble one.
"""

# ruff: noqa: E501 - rows of a table read better whole
from __future__ import annotations

import json
from typing import Any

from tests.proxy.profiling.profiling_payloads import FORM, ID, JSON, MS, NOW, PLAIN, Fields, dumps

type Ordinary = tuple[str, str, Fields, bytes]


def post(target: str, document: Any, method: str = "POST", headers: Fields = JSON) -> Ordinary:
    return method, target, headers, dumps(document)


GRAPH_USER = {
    "accountEnabled": True, "displayName": "Élève Sept", "mailNickname": "eleve7",
    "userPrincipalName": "eleve7@lycee.example", "passwordProfile": {"password": "x"},
}  # fmt: skip

ORDINARY: tuple[Ordinary, ...] = (
    # the packs' own services
    post("/v1/courses", {"name": "Maths 4B", "section": "2", "ownerId": "me", "room": "301"}),
    post("/v1/courses/1/students?enrollmentCode=x", {"userId": "eleve7@lycee.example"}),
    post("/v1/courses/1/announcements", {"text": "Bonjour", "state": "PUBLISHED", "materials": []}),
    post("/v1/courses/1/courseWork", {
        "title": "Quiz", "workType": "ASSIGNMENT", "maxPoints": 20, "state": "PUBLISHED",
        "dueDate": {"year": 2026, "month": 11, "day": 30}, "dueTime": {"hours": 18}}),
    post("/v1/courses/1/courseWork/2/studentSubmissions/3?updateMask=draftGrade",
         {"draftGrade": 14, "assignedGrade": 14}, "PATCH"),
    post("/v1/users", GRAPH_USER),
    post("/v1.0/users", GRAPH_USER),
    post("/v1.0/$batch", {"requests": [
        {"id": "1", "method": "POST", "url": "/users", "body": GRAPH_USER,
         "headers": {"Content-Type": "application/json"}}]}),
    post("/v1.0/me/events", {
        "subject": "Conseil de classe", "start": {"dateTime": NOW, "timeZone": "Europe/Paris"},
        "attendees": [{"emailAddress": {"address": "a@b.example"}, "type": "required"}]}),
    post("/v1.0/me/sendMail", {"message": {"subject": "x", "body": {"content": "y"}}}),
    post("/v1.0/education/classes/1/assignments", {"displayName": "Rédaction", "dueDateTime": NOW}),
    post("/v1.0/chats/1/messages", {"body": {"content": "Bonjour"}, "messageType": "message"}),
    post("/v1.0/subscriptions", {"changeType": "created", "resource": "/me/messages", "clientState": "x"}),
    ("POST", "/_/ClassroomUi/data/batchexecute?rpcids=x&f.sid=1&bl=b&hl=fr", FORM,
     b"f.req=%5B%5B%5B%22x%22%2C%22%5B%5C%22Bonjour%5C%22%5D%22%2Cnull%2C%22generic%22%5D%5D%5D&at=x"),
    ("POST", "/v3/login.awp?v=4.75.0", FORM,
     b"data=" + dumps({"identifiant": "eleve7", "motdepasse": "x", "isReLogin": False, "uuid": ""})),
    ("POST", "/pronote/appelfonction/3/1234/ab12", JSON,
     dumps({"nom": "PageAccueil", "session": 1, "donneesSec": {"data": {"_Signature_": {}}}})),
    # conversations, collaboration
    post("/backend-api/conversation", {
        "action": "next", "messages": [{"id": ID, "author": {"role": "user"},
        "content": {"content_type": "text", "parts": ["Explique l'événement"]}}], "model": "auto"}),
    post("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "verb, object"}]}),
    post("/v1/responses", {"model": "m", "input": "Conjugue", "metadata": {"session": "x"}}),
    post("/api/trpc/message.newChat?batch=1", {"0": {"json": {"content": [{"type": "text", "text": "a"}]}}}),
    post("/chat", {"type": "group", "messageId": "m1", "userId": "u2", "text": "Bonjour"}),
    post("/chat", {"type": "page", "messageId": "m1", "userId": "u2", "properties": {"bold": True}}),
    post("/rooms/1/send/m.room.message/2", {"msgtype": "m.text", "body": "Bonjour"}, "PUT"),
    post("/graphql", {"operationName": "Me", "query": "query Me { me { id name } }", "variables": {}}),
    post("/graphql", {"query": "mutation($e:Event!){add(event:$e){id}}",
                      "variables": {"e": {"event": "concert", "properties": {"token": "ticket"}}}}),
    # what resembles a format
    post("/outbox", {"@context": "https://www.w3.org/ns/activitystreams", "type": "Create",
                     "actor": "https://x.example/u/7", "object": {"type": "Note", "content": "x"}}),
    post("/activity", {"actor": {"objectType": "person", "id": "7"}, "verb": "post",
                       "object": {"objectType": "note", "id": "1"}}),
    post("/grammar", {"verb": {"id": "aller", "tense": "futur"}, "actor": {"name": "nous"},
                      "object": {"id": "1"}}),
    post("/parse", {"verb": {"id": "v1"}, "actor": "sujet", "object": "COD"}),
    post("/jsonld", {"@context": "https://schema.org", "@type": "Event", "name": "Fête"}),
    post("/measures", {"sensor": "salle-12", "sendTime": NOW, "data": [21.5, 22.0]}),
    post("/measures", {"sensor": "co2", "sendTime": NOW, "data": [{"value": 812, "at": NOW}]}),
    post("/calendar", {"event_type": "meeting", "user_id": 7, "title": "Réunion", "session_id": 3}),
    post("/calendar", {"events": [{"event_type": "meeting", "user_id": 7}], "timezone": "x"}),
    post("/hooks", {"event": "push", "properties": {"branch": "main", "token": "t"}}),
    post("/login", {"api_key": "k", "device_id": "d"}),
    post("/push", {"device_id": ID, "session_id": "x", "platform": "web", "sdk_version": "1"}),
    post("/objects", {"batch": [{"id": 1, "type": "create"}], "userId": 7}),
    post("/objects/batch", {"operation": "download", "transfers": ["basic"], "objects": [{"oid": "x"}]}),
    post("/v1/batch", {"batch": [{"type": "insert", "row": {"a": 1}}]}),
    post("/v1/group", {"name": "3A", "userIds": ["1", "2"]}),
    post("/v1/page", {"type": "page", "title": "Accueil", "userId": "7"}),
    post("/v1/group", {"type": "group", "name": "3A", "userId": "7"}),
    post("/v1/track", {"type": "track", "title": "Chanson", "album": "x"}),
    post("/playlist", {"type": "track", "userId": "7", "title": "Chanson", "properties": {"bpm": 90}}),
    post("/relations", {"type": "alias", "userId": "7", "name": "x"}),
    post("/v1/page", {"title": "Bonjour", "userId": "7", "content": "x"}),
    post("/timeline", [{"type": 3, "timestamp": MS, "data": {"text": "x"}}]),
    post("/timeline", [{"type": 2, "timestamp": MS, "data": {"node": "n1"}}]),
    post("/links", [{"type": 4, "timestamp": 12, "data": {"href": "/a", "width": 1, "height": 2}}]),
    post("/maths", {"e": [2.71, 1], "a": [1], "p": []}),
    post("/maths", {"e": ["1.2.3", "x"], "a": []}),
    post("/v1/event", {"name": "Sortie", "url": "https://x.example", "place": "Paris"}),
    post("/api/event", {"name": "Sortie au musée", "date": NOW, "participants": []}),
    post("/event", {"events": [{"name": "Sortie", "data": {"place": "Paris"}}]}),
    post("/x", {"requests": ["/a?page=1", "/b"]}),
    post("/x", {"schema": "https://json-schema.org/draft/2020-12/schema", "data": []}),
    post("/x", {"kind": "identify", "name": "feuille"}),
    post("/x", {"visitors": [{"name": "Parent"}], "account_id": "1"}),
    post("/x", {"payload": {"website": "https://x.example", "url": "/"}, "type": "event"}),
    post("/x", {"notifier": {"name": "e-mail"}, "sdk": {"name": "android"}}),
    post("/x", {"name": "x", "time": NOW, "iKey": "", "ver": "4.0"}),
    post("/api/2/store/", {"product": "cahier", "quantity": 2}),
    ("POST", "/_bulk", PLAIN, b'{"index":{"_index":"a"}}\n{"type":"event","title":"x"}\n'),
    ("POST", "/_bulk", PLAIN, b'{"event_id":"1"}\n{"type":"meeting"}\n'),
    # forms and files
    ("POST", "/login/index.php", FORM, b"username=eleve7&password=x&logintoken=abc&anchor="),
    ("POST", "/search", FORM, b"q=idsite+et+rec&page=1&v=2"),
    ("POST", "/save", FORM, b"data=" + json.dumps({"note": 12}).encode()),
    ("POST", "/save", FORM, b"content=%7B%22title%22%3A%22x%22%7D&e=1"),
    ("PUT", "/files/cours.pdf", ((b"Content-Type", b"application/pdf"),), b"%PDF-1.7\n..."),
    ("PUT", "/files/x.gz", (), b"\x1f\x8b\x08broken"),
    ("POST", "/csv", PLAIN, b"x^2,y\n1,2\n"),
    ("POST", "/empty", JSON, b""),
    ("POST", "/text", PLAIN, "Le verbe « être » : actor, verb, object".encode()),
)  # fmt: skip

TARGETS: tuple[str, ...] = (
    "/",
    "/v1/courses?pageSize=20&fields=courses(id,name)",
    "/v1/courses/1?format=json&v=2&t=1",
    "/search?q=tid%3DG-ABC&v=2",
    "/shop?tid=order&v=2&t=1",
    "/mod/quiz/view.php?id=12&rec=1",
    "/list?idsite=4",
    "/api/2/storefront/cart?sentry=1",
    "/player?e=pv&p=web",
    "/map?e=se&p=tv&lang=fr",
    "/s/?v=1",
    "/b/ss",
    "/log?format=json",
    "/blog?authuser=0",
    "/download?compression=gzip&ver=1",
    "/images/1/i?a=12&r=3&t=4",
    "/users/x/sites/12/recordings",
    "/event?s=12",
    "/h?a=12&u=3",
    "/books/1/pages?ref=home&a=1&v=2",
    "/v1/traces",
    "/recordings/rec/page?id=1",
    "/orders?pid=12&sn=1",
    "/track?data=abc",
    "/static/js/matomo-docs.html",
    "/?site_id=12&page=2",
)
