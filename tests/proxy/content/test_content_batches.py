"""Batches of requests and queries in text: Google's and OData's, Microsoft Graph's, GraphQL's."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from content_toy import SECRETS, protect, restore, run
from graphql import parse, print_ast

from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason


def _nested_batch(url: str, body: bytes) -> bytes:
    inner = (
        b"POST " + url.encode() + b" HTTP/1.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    part = b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + inner
    changes = b"--change_1\r\n" + part + b"\r\n--change_1--\r\n"
    return (
        b"--batch_1\r\nContent-Type: multipart/mixed; boundary=change_1\r\n\r\n" + changes
        + b"\r\n--batch_1\r\nContent-Type: application/http\r\n\r\nGET /users/x HTTP/1.1\r\n\r\n\r\n--batch_1--\r\n"
    )  # fmt: skip


def test_a_batch_in_a_batch_is_read_with_its_url_and_its_length() -> None:
    url = "/users/L%C3%A9a%20Martin;v=1?$filter=displayName%20eq%20'Tom%20O''Brien'&n=Jean+Dupont"
    sent = protect(
        _nested_batch(url, '{"n":"Léa Martin"}'.encode()), "multipart/mixed; boundary=batch_1"
    )
    new = "/users/zq1aaaa;v=1?$filter=displayName%20eq%20'zq1cccc'&n=zq1bbbb"
    assert sent == _nested_batch(new, b'{"n":"zq1aaaa"}')


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_odata_literals_in_every_place(secret: str) -> None:
    literal = secret.replace("'", "''")
    token = SECRETS[secret]
    for shape in ("displayName eq '{}'", "startswith(name,'{}')", "users('{}')/photo",
                  "contains(name, '{}') and x eq 'y'", "name in ('a', '{}')"):  # fmt: skip
        plain = shape.format(literal)
        assert protect(plain, "text/plain").decode() == shape.format(token)
        assert restore(shape.format(token), "text/plain").decode() == plain
        batch = json.dumps(
            {"requests": [{"id": "1", "url": f"/x?$filter={plain}"}]}, ensure_ascii=False
        )
        sent = protect(batch, "application/json").decode()
        assert json.loads(sent)["requests"][0]["url"] == f"/x?$filter={shape.format(token)}"
        coded = protect(json.dumps({"url": "/x?$filter=" + quote(plain)}), "application/json")
        url = json.loads(coded)["url"]
        assert parse_qs(urlsplit(url).query)["$filter"] == [shape.format(token)]
        back = json.loads(restore(coded, "application/json"))["url"]
        assert unquote(urlsplit(back).query) == f"$filter={plain}"


def test_an_apostrophe_in_french_opens_no_literal() -> None:
    text = "l'élève (l'aînée), d'accord, s'appelle Jean Dupont et 'Léa Martin' aussi"
    assert protect(text).decode() == text.replace("Jean Dupont", "zq1bbbb").replace(
        "Léa Martin", "zq1aaaa"
    )


QUERY = 'query Q($n: String) { a: user(name: "Jean Dupont", bio: """\n  Tom O\'Brien\n""") { id } }'


def test_graphql_literals_block_strings_and_variables() -> None:
    body = json.dumps({"query": QUERY, "variables": {"n": "Léa Martin"}})
    sent = json.loads(protect(body, "application/json"))
    expected = QUERY.replace("Jean Dupont", "zq1bbbb").replace("Tom O'Brien", "zq1cccc")
    assert print_ast(parse(sent["query"])) == print_ast(parse(expected))
    assert sent["variables"] == {"n": "zq1aaaa"}
    assert json.loads(restore(json.dumps(sent), "application/json"))["query"] == QUERY


def _persisted(query: str, digest: str = "") -> dict[str, object]:
    digest = digest or hashlib.sha256(query.encode()).hexdigest()
    return {"query": query, "variables": {"n": "Léa Martin"},
            "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}  # fmt: skip


def test_a_hash_follows_its_query() -> None:
    for body in (_persisted(QUERY), [_persisted("{ a }"), _persisted(QUERY)]):
        sent = json.loads(protect(json.dumps(body), "application/json"))
        for each in sent if isinstance(sent, list) else [sent]:
            digest = each["extensions"]["persistedQuery"]["sha256Hash"]
            assert digest == hashlib.sha256(each["query"].encode()).hexdigest()
            assert "Jean Dupont" not in each["query"]
            assert each["variables"] == {"n": "zq1aaaa"}


def test_a_hash_of_something_else_refuses_changed_literals_not_variables() -> None:
    body = json.dumps(_persisted(QUERY, "ab" * 32)).encode()
    with pytest.raises(Refused) as caught:
        run(body, "application/json")
    assert caught.value.reason is Reason.SIGNED_CONTENT
    sent = json.loads(run(body, "application/json", limits=Limits(signed_allowed=True)).body)
    assert sent == {**_persisted(QUERY, "ab" * 32), "variables": {"n": "zq1aaaa"}}
    only = json.loads(protect(json.dumps(_persisted("{ a }", "ab" * 32)), "application/json"))
    assert only == {**_persisted("{ a }", "ab" * 32), "variables": {"n": "zq1aaaa"}}
