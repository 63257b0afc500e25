"""Tokens of IAM are the SDK's, for every host, role and key."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import parse_qsl

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.aws.signature import Credentials
from functions.shared.database.token import connect_token

AT = datetime(2026, 1, 31, 12, 0, 5, tzinfo=timezone.utc)
NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,30}", fullmatch=True)


def by_the_sdk(host: str, port: int, user: str, region: str, credentials: SdkCredentials) -> str:
    """What boto3's generate_db_auth_token does, at a given time."""
    request = AWSRequest("GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    signer = SigV4QueryAuth(credentials, "rds-db", region, expires=900)
    request.context["timestamp"] = AT.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return str(request.url).removeprefix("https://")


@given(
    host=NAMES,
    port=st.integers(1, 65535),
    user=st.from_regex(r"[A-Za-z_][A-Za-z0-9_@+ -]{0,20}", fullmatch=True),
    region=st.sampled_from(["us-east-1", "eu-central-1", "ap-southeast-2"]),
    secret=st.text(min_size=1, max_size=40),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,60}", fullmatch=True),
)
def test_a_token_is_the_sdks(*, host: str, port: int, user: str, region: str, secret: str, token: str | None) -> None:
    ours = connect_token(host, port, user, region=region, credentials=Credentials("AKID", secret, token), at=AT)
    theirs = by_the_sdk(host, port, user, region, SdkCredentials("AKID", secret, token))
    assert ours.partition("?")[0] == theirs.partition("?")[0] == f"{host}:{port}/"
    assert dict(parse_qsl(ours.partition("?")[2])) == dict(parse_qsl(theirs.partition("?")[2]))
