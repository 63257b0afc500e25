"""AWS Signature Version 4 of a POST that has no query."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote


@dataclass(frozen=True)
class Credentials:
    """Keys of a role, as Lambda puts them into the environment."""

    access_key: str
    secret_key: str
    session_token: str | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Credentials:
        """The credentials of the standard variables."""
        return cls(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN") or None
        )


class Signer:
    """Signs for one host of one service in one region; the day's key is derived once."""

    def __init__(self, credentials: Credentials, region: str, service: str, host: str) -> None:
        self._host, self._credentials, self._scope = host, credentials, f"{region}/{service}/aws4_request"
        self._day, self._key = "", b""

    def headers(self, path: str, headers: Mapping[str, str], body: bytes, at: datetime) -> dict[str, str]:
        """The request's headers (lower-case names) with `x-amz-date`, `authorization` and the session's token."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "host": self._host, "x-amz-date": stamp}
        if self._credentials.session_token:
            signed["x-amz-security-token"] = self._credentials.session_token
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
        # The path is sent encoded, and every service but S3 signs it encoded once more.
        canonical = f"POST\n{quote(path, safe='/-_.~')}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self._scope}"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key_of(stamp[:8]), to_sign.encode(), "sha256").hexdigest()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            self._day, self._key = day, day_key(self._credentials.secret_key, f"{day}/{self._scope}")
        return self._key


def day_key(secret_key: str, scope: str) -> bytes:
    """The key of a scope such as `20261121/us-east-1/rds-db/aws4_request`."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
