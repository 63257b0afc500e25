"""Passwords that IAM gives: an address of RDS, signed for fifteen minutes, made without the SDK."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from functions.shared.aws.signature import Credentials, day_key

LIFETIME_S = 900
"""The longest that RDS takes; a connection lives on when the token that opened it has expired."""


def connect_token(host: str, port: int, user: str, *, region: str, credentials: Credentials, at: datetime) -> str:
    """What a database user sends as its password, once: `host:port/?Action=connect&…`."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/rds-db/aws4_request"
    query = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(LIFETIME_S),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        query["X-Amz-Security-Token"] = credentials.session_token
    text = "&".join(f"{name}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    canonical = f"GET\n/\n{text}\nhost:{host}:{port}\n\nhost\n{sha256(b'').hexdigest()}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = day_key(credentials.secret_key, scope)
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    return f"{host}:{port}/?{text}&X-Amz-Signature={signature}"
