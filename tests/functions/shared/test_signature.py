"""Signatures equal the SDK's, whatever is signed."""

from __future__ import annotations

from datetime import datetime, timezone

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.aws.signature import Credentials, Signer

AT = datetime(2026, 1, 31, 12, 0, 5, tzinfo=timezone.utc)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
NAMES = st.from_regex(r"x-[a-z]{1,8}", fullmatch=True)
PATHS = st.lists(st.from_regex(r"[A-Za-z0-9_.~%-]{1,12}", fullmatch=True).filter(lambda p: set(p) != {"."}), max_size=4)


def by_the_sdk(request: AWSRequest, credentials: SdkCredentials, service: str) -> str:
    signer = SigV4Auth(credentials, service, "eu-west-1")
    request.context["timestamp"] = AT.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return str(request.headers["Authorization"])


@given(
    path=PATHS.map(lambda parts: "/" + "/".join(parts)),
    headers=st.dictionaries(NAMES, PRINTABLE, max_size=4),
    body=st.binary(max_size=200),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,60}", fullmatch=True),
    secret=st.text(min_size=1, max_size=40),
    service=st.sampled_from(["sagemaker", "dynamodb", "secretsmanager"]),
)
def test_a_signature_is_the_sdks(
    *, path: str, headers: dict[str, str], body: bytes, token: str | None, secret: str, service: str
) -> None:
    host = "runtime.sagemaker.eu-west-1.amazonaws.com:8443"
    request = AWSRequest("POST", f"https://{host}{path}", headers=headers, data=body)
    ours = Signer(Credentials("AKID", secret, token), "eu-west-1", service, host).headers(path, headers, body, at=AT)
    assert ours["authorization"] == by_the_sdk(request, SdkCredentials("AKID", secret, token), service)


def test_the_next_day_has_a_key_of_its_own() -> None:
    signer = Signer(Credentials("AKID", "secret", None), "eu-west-1", "dynamodb", "localhost")
    days = [AT, AT.replace(month=2, day=1), AT]
    first, second, third = (signer.headers("/", {}, b"", at)["authorization"] for at in days)
    assert first == third != second
