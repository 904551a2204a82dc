"""What is signed, digested or encrypted: recognised, renewed where no key is needed."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from urllib.parse import parse_qs, urlencode

import pytest
from content_toy import protect, restore, run

from proxy.content import digests
from proxy.content.limits import Limits
from proxy.content.seals import Covered, covered
from proxy.errors import Refused
from proxy.reasons import Reason

ALLOWED = Limits(signed_allowed=True)
SIGNED_XML = (
    '<samlp:Response xmlns:samlp="urn:x"><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    "<ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature><n>Jean Dupont</n></samlp:Response>"
)
PLAIN_XML = '<samlp:AuthnRequest xmlns:samlp="urn:x"><n>Jean Dupont</n></samlp:AuthnRequest>'
FORM = "application/x-www-form-urlencoded"


def _packed(text: str) -> str:
    packer = zlib.compressobj(wbits=-15)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def _posted(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (SIGNED_XML, "application/xml"),
        (json.dumps({"saml": SIGNED_XML}), "application/json"),
        (urlencode({"SAMLResponse": _posted(SIGNED_XML)}), FORM),
        (urlencode({"SAMLResponse": _packed(SIGNED_XML)}), FORM),
        (json.dumps({"protected": "eyJhIjoxfQ", "payload": _posted('{"n":"Jean Dupont"}'), "signature": "AA"}),
         "application/jose+json"),
    ],
)  # fmt: skip
def test_signed_documents_with_a_name_are_refused_or_kept(body: str, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        protect(body, kind)
    assert caught.value.reason is Reason.SIGNED_CONTENT
    sent = run(body.encode(), kind, limits=ALLOWED)
    assert sent.body == body.encode()
    token = body.replace("Jean Dupont", "zq1bbbb")
    assert restore(token, kind) == token.encode()


def test_unsigned_saml_is_rewritten_in_its_own_packing() -> None:
    body = urlencode({"SAMLRequest": _packed(PLAIN_XML), "RelayState": "x"})
    value = parse_qs(protect(body, FORM).decode())["SAMLRequest"][0]
    plain = zlib.decompress(base64.b64decode(value), -15).decode()
    assert plain == PLAIN_XML.replace("Jean Dupont", "zq1bbbb")


def test_encrypted_tokens_are_opaque() -> None:
    jwe = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.XFBoMYUZodetZdvTiFvSkQ"
    assert run(jwe.encode(), "application/jose").opaque == "encrypted"
    assert run(json.dumps({"a": {"t": jwe}}).encode(), "application/json").opaque == "encrypted"
    as_json = json.dumps({"protected": "eyJ", "iv": "a", "ciphertext": "b", "tag": "c"})
    assert run(as_json.encode(), "application/json").opaque == "encrypted"


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("Authorization", "AWS4-HMAC-SHA256 Credential=A/1/eu/s3/aws4_request, SignedHeaders=host, Signature=0", 7),
        ("Authorization", "SharedKey account:AAAA", 7),
        ("Authorization", 'Signature keyId="a",headers="digest",signature="b"', 7),
        ("Authorization", 'OAuth oauth_consumer_key="a", oauth_signature="b"', 7),
        ("Authorization", "Bearer abc", 0),
        ("Signature-Input", 'sig1=("@method" "@path" "content-digest");created=1', 5),
        ("Signature-Input", 'sig1=("@authority" "x-name");created=1', 2),
        ("X-Hub-Signature-256", "sha256=00", 4),
    ],
)  # fmt: skip
def test_what_a_signature_covers(name: str, value: str, parts: int) -> None:
    assert covered(((name.encode(), value.encode()),), "/x?a=1", b"") is Covered(parts)


def test_signed_urls_forms_and_unsigned_payloads() -> None:
    for query in (
        "X-Amz-Signature=0",
        "X-Goog-Signature=0",
        "sv=2020&sig=a",
        "SigAlg=x&Signature=b",
    ):
        assert covered((), f"/p?a=1&{query}", b"") is Covered.TARGET
    launch = b"oauth_consumer_key=k&lis_person_name_full=Jean+Dupont&oauth_signature=s"
    assert covered((), "/launch", launch) & Covered.BODY
    aws = (
        (b"Authorization", b"AWS4-HMAC-SHA256 x"),
        (b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
    )
    assert not covered(aws, "/x", b"") & Covered.BODY


def test_digests_are_those_of_the_new_body() -> None:
    body = b'{"n":"zq1bbbb"}'
    md5 = base64.b64encode(hashlib.md5(body).digest())
    sha = base64.b64encode(hashlib.sha256(body).digest())
    headers = (
        (b"Content-MD5", b"old"), (b"Digest", b"SHA-256=old,unixsum=3"),
        (b"Content-Digest", b"sha-256=:old:, id-sha=:x:"), (b"X-Goog-Hash", b"crc32c=old,md5=old"),
        (b"x-amz-content-sha256", b"0" * 64), (b"x-ms-content-crc64", b"old"), (b"Accept", b"*/*"),
        (b"Repr-Digest", b"crc32c=:old:"),
    )  # fmt: skip
    assert digests.renewed(headers, body) == [
        (b"Content-MD5", md5), (b"Digest", b"SHA-256=" + sha), (b"Content-Digest", b"sha-256=:" + sha + b":"),
        (b"X-Goog-Hash", b"md5=" + md5), (b"x-amz-content-sha256", hashlib.sha256(body).hexdigest().encode()),
    ]  # fmt: skip
