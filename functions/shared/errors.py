"""Every error that a caller can see: code → status, whether asking again can help, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOT_THERE_YET = 501
"""Status of what is announced and not there yet."""


@dataclass(frozen=True)
class Row:
    """One kind of error as a caller sees it."""

    status: int
    message: str
    retry_after_s: int | None = None
    """When asking again can help; sent as `Retry-After`."""


ERRORS: Mapping[str, Row] = {
    "invalid_request": Row(400, "the request does not fit its schema; see details"),
    "invalid_json": Row(400, "the body is not JSON as RFC 8259 defines it; NaN and Infinity are no JSON"),
    "model_rejected_input": Row(400, "the model cannot take this input; see details"),
    "unsupported_language": Row(400, "the text is in a language that is not read here; see details"),
    "weak_password": Row(400, "the password is too weak: 8 characters or more, with upper, lower, digit and symbol"),
    "invalid_code": Row(400, "the code is wrong or too old; ask for another at /v1/auth/resend-code"),
    "email_not_allowed": Row(400, "addresses of this domain may not sign up"),
    "version_missing": Row(400, "send the header If-Match with the ETag of the version that you have read"),
    "token_missing": Row(401, "send the header Authorization: Bearer <access token>"),
    "token_oversized": Row(401, "the token is longer than any that this pool issues"),
    "token_malformed": Row(401, "the token is not a signed JWT"),
    "token_algorithm": Row(401, "the token is not signed by RS256"),
    "token_unknown_key": Row(401, "the token is signed by a key that the pool does not have"),
    "token_signature": Row(401, "the token's signature is wrong"),
    "token_claims": Row(401, "the token lacks a claim, or a claim has the wrong type"),
    "token_issuer": Row(401, "the token is of another user pool"),
    "token_client": Row(401, "the token is of another app client"),
    "token_use": Row(401, "send the access token, not another kind of token"),
    "token_expired": Row(401, "the token has expired; use /v1/auth/refresh"),
    "token_revoked": Row(401, "the session of this token was ended; sign in again"),
    "token_early": Row(401, "the token is not valid yet"),
    "wrong_credentials": Row(401, "the e-mail address or the password is wrong"),
    "wrong_session": Row(401, "this step of the sign-in is over or was never begun; sign in again"),
    "wrong_refresh_token": Row(401, "the refresh token is wrong, has expired or was revoked; sign in again"),
    "missing_scope": Row(403, "the token lacks the scope that this route needs"),
    "missing_group": Row(403, "this route is for members of another group"),
    "not_confirmed": Row(403, "confirm the account first, by the code that was sent"),
    "challenge_required": Row(403, "this account needs a further step to sign in; answer it at /v1/auth/challenge"),
    "not_found": Row(404, "there is nothing at this address"),
    "unknown_user": Row(404, "there is no such user"),
    "unknown_record": Row(404, "there is no such record among those that you may see"),
    "no_database": Row(404, "this stack has no relational database, and so no records"),
    "no_metrics": Row(404, "this stack tells Prometheus nothing; its figures are in CloudWatch"),
    "unknown_model": Row(404, "there is no model of this version"),
    "unknown_batch": Row(404, "you have no batch of this id"),
    "no_live_model": Row(404, "no model is live yet"),
    "account_exists": Row(409, "an account with this e-mail address exists; sign in"),
    "changed": Row(409, "this was changed meanwhile; read it again, then send its new ETag"),
    "not_pending": Row(409, "this model does not wait for approval; see details"),
    "worse_than_live": Row(409, 'this model is worse than the live one; send {"force": true} to approve it anyway'),
    "key_reused": Row(409, "this Idempotency-Key came with another request before; send a new key with a new request"),
    "key_in_use": Row(409, "the request with this Idempotency-Key is still being answered; ask again later", 1),
    "already_started": Row(409, "this Idempotency-Key has started a training that is over or had another body"),
    "batch_differs": Row(409, "this Idempotency-Key has begun a batch of another body"),
    "batch_over": Row(409, "this batch is over; there is nothing to cancel"),
    "too_large": Row(413, "the body is too large"),
    "unsupported_type": Row(415, "send Content-Type: application/json"),
    "throttled": Row(429, "too many requests; ask again later", 1),
    "internal": Row(500, "this is our mistake; it has been logged under the request id"),
    "not_there_yet": Row(NOT_THERE_YET, "this is announced and not there yet; see details for what there is meanwhile"),
    "model_failed": Row(502, "the model failed on this input"),
    "unavailable": Row(503, "a part of the platform is not available; ask again later", 5),
    "keys_unavailable": Row(503, "tokens cannot be checked at the moment; ask again later", 5),
    "model_unavailable": Row(503, "the model is not available; ask again later", 5),
    "not_ready": Row(503, "predictions cannot be answered at the moment; see details", 5),
    "timeout": Row(504, "the model did not answer in time; ask again later", 5),
}
"""The table that answers, the OpenAPI document and the tests derive from."""


@dataclass(frozen=True)
class Detail:
    """What is wrong with one field."""

    field: str
    message: str


class ApiError(Exception):
    """An answer to the caller: ends an operation with a row of ERRORS.

    `details` are for the caller; `why` is for the log only and holds no personal data. `retry_after_s` says better than
    the row when asking again can help.
    """

    def __init__(
        self, code: str, details: Sequence[Detail] = (), *, why: str = "", retry_after_s: int | None = None
    ) -> None:
        self.code, self.details, self.why = code, tuple(details), why
        self.row = ERRORS[code]
        self.retry_after_s = self.row.retry_after_s if retry_after_s is None else retry_after_s
        super().__init__(f"{code}: {why}" if why else code)
