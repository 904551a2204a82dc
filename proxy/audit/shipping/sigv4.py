"""AWS Signature Version 4, for S3: what every S3-compatible storage asks of a request.

The steps are those of Amazon's documentation: canonical request, string to sign, derived
key, signature. The body is always hashed (``x-amz-content-sha256``): what arrives is what
was signed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from proxy.errors import InputError

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. The secret never shows in a message."""

    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def load(cls, path: Path | None, environ: Mapping[str, str] = os.environ) -> Credentials:
        """From a file of two lines (access key, secret key), or the environment."""
        if path is None:
            pair = environ.get("PREAU_S3_ACCESS_KEY", ""), environ.get("PREAU_S3_SECRET_KEY", "")
            where = "PREAU_S3_ACCESS_KEY and PREAU_S3_SECRET_KEY"
        else:
            where = str(path)
            pair = _read_pair(path)
        if not all(pair):
            raise InputError(f"{where}: expected the access key and the secret key of the storage")
        return cls(*pair)


def _read_pair(path: Path) -> tuple[str, str]:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InputError(f"{path}: others may read it; chmod 600 it")
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return (lines[0], lines[1]) if len(lines) == 2 else ("", "")


def uri_path(path: str) -> str:
    """A path as S3 signs it: every byte but the unreserved escaped, once, slashes kept."""
    return quote(path, safe="/-_.~")


def sign(
    method: str,
    host: str,
    path: str,
    body: bytes,
    region: str,
    credentials: Credentials,
    at: float | None = None,
) -> dict[str, str]:
    """The headers that make a request for ``path`` (already escaped) on ``host`` valid."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    # 1. The request in its canonical form. There is never a query.
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join((method, path, "", lines, names, digest))
    # 2. What is signed: the time, the scope, the hash of 1.
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((_ALGORITHM, stamp, scope, hashed))
    # 3. A key for this day, region and service alone.
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (stamp[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers
