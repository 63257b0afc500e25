"""The API in one table; the document, the gateway, the rights and the tests derive from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from functions.accounts import schemas as accounts
from functions.insights import schemas as insights
from functions.predictions import schemas as predictions
from functions.registry import schemas as registry
from functions.shared.schemas import Page
from functions.system import schemas as system
from functions.trainings import schemas as trainings

SIGNED_IN = ("aws.cognito.signin.user.admin",)
"""The scope of every token that a person signs in for; access tokens of other clients carry `platform/…` instead."""


@dataclass(frozen=True)
class Header:
    """A request header that a route understands."""

    name: str
    description: str
    max_length: int = 255


@dataclass(frozen=True)
class Route:
    """One operation of the API."""

    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    capability: str
    """Folder of functions/ that answers."""
    operation: str
    """Name of the operation in its handler, and its operationId."""
    summary: str
    tag: str
    response: type[BaseModel] | None
    status: int = 200
    scopes: tuple[str, ...] = ()
    """Any of these is enough; none means public."""
    groups: tuple[str, ...] = ()
    """Members of any of these may; none means everybody who is signed in."""
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: tuple[Header, ...] = ()
    errors: tuple[str, ...] = ()
    """Codes of functions.shared.errors.ERRORS that are this route's own."""
    throttle_rps: float = 100
    """Requests a second at most, over all callers."""
    throttle_burst: int = 200
    cache_s: int = 0
    """How long the gateway may keep an answer; 0 is not at all."""
    media: str = "application/json"
    """What an answer is; a page for a browser has no schema."""

    @property
    def key(self) -> str:
        """How a handler knows the route from the gateway's event: method and resource."""
        return f"{self.method} {self.path}"


def account(operation: str, summary: str, response: type[BaseModel] | None, **more: Any) -> Route:
    """A row of the account routes: `POST /v1/auth/<operation>`, slow enough to make guessing pointless."""
    return Route(
        method="POST",
        path=f"/v1/auth/{operation.replace('_', '-')}",
        capability="accounts",
        operation=operation,
        summary=summary,
        tag="accounts",
        response=response,
        throttle_rps=20,
        throttle_burst=40,
        **more,
    )


BYPASS = Header("Cache-Control", "`no-cache` asks the model itself, whatever the cache holds")
ONCE = Header("Idempotency-Key", "The same key and body start one training, however often they are sent")
MODEL_ERRORS = ("model_rejected_input", "throttled", "model_failed", "model_unavailable", "timeout")

ROUTES: tuple[Route, ...] = (
    account(
        "register",
        "Make an account",
        accounts.Registered,
        status=201,
        request=accounts.Register,
        errors=("weak_password", "email_not_allowed", "account_exists", "unavailable"),
    ),
    account(
        "confirm",
        "Prove an e-mail address by the code that was sent to it",
        accounts.Done,
        request=accounts.Confirm,
        errors=("invalid_code", "unavailable"),
    ),
    account(
        "resend_code",
        "Send another code to an address that is not proven yet",
        accounts.Done,
        status=202,
        request=accounts.Address,
        errors=("unavailable",),
    ),
    account(
        "login",
        "Sign in",
        accounts.Tokens,
        request=accounts.Login,
        errors=("wrong_credentials", "not_confirmed", "challenge_required", "unavailable"),
    ),
    account(
        "challenge",
        "Go on with a sign-in that asked for something",
        accounts.Tokens,
        request=accounts.Challenge,
        errors=("invalid_code", "weak_password", "wrong_session", "challenge_required", "unavailable"),
    ),
    account(
        "refresh",
        "Get a new access token",
        accounts.Tokens,
        request=accounts.Refresh,
        errors=("wrong_refresh_token", "unavailable"),
    ),
    account(
        "logout",
        "Revoke one session, or all of them",
        None,
        status=204,
        scopes=SIGNED_IN,
        request=accounts.Logout,
        errors=("wrong_refresh_token", "unavailable"),
    ),
    account(
        "forgot_password",
        "Send a code to set a new password with",
        accounts.Done,
        status=202,
        request=accounts.Address,
        errors=("unavailable",),
    ),
    account(
        "reset_password",
        "Set a new password by the code that was sent",
        accounts.Done,
        request=accounts.Reset,
        errors=("invalid_code", "weak_password", "unavailable"),
    ),
    account(
        "mfa_setup",
        "Get a secret for an authenticator app, signed in or in the middle of a sign-in",
        accounts.FactorSecret,
        request=accounts.FactorSetup,
        errors=("token_missing", "wrong_session", "unavailable"),
    ),
    account(
        "mfa_verify",
        "Take an authenticator app into use",
        accounts.FactorProven,
        request=accounts.FactorProof,
        errors=("invalid_code", "token_missing", "wrong_session", "unavailable"),
    ),
    Route(
        method="POST",
        path="/v1/ml/predict",
        capability="predictions",
        operation="predict",
        summary="Ask the live model",
        tag="predictions",
        scopes=(*SIGNED_IN, "platform/predict"),
        request=predictions.PredictRequest,
        response=predictions.Prediction,
        headers=(BYPASS,),
        errors=MODEL_ERRORS,
        throttle_rps=1000,
        throttle_burst=2000,
    ),
    Route(
        method="GET",
        path="/v1/ml/model-info",
        capability="predictions",
        operation="model_info",
        summary="Describe the live model",
        tag="predictions",
        scopes=(*SIGNED_IN, "platform/predict"),
        response=predictions.ModelInfo,
        errors=("no_live_model", "unavailable"),
    ),
    Route(
        method="POST",
        path="/v1/insights",
        capability="insights",
        operation="insights",
        summary="Read what a customer wrote: adverse events, sentiment, needs, concerns, recommendations",
        tag="insights",
        scopes=(*SIGNED_IN, "platform/insights"),
        request=insights.InsightsRequest,
        response=insights.Insights,
        errors=("unsupported_language",),
        throttle_rps=50,
        throttle_burst=100,
    ),
    Route(
        method="POST",
        path="/v1/training/start",
        capability="trainings",
        operation="start_training",
        summary="Train on an uploaded file",
        tag="training",
        scopes=(*SIGNED_IN, "platform/train"),
        groups=("scientists",),
        request=trainings.StartTraining,
        response=trainings.Training,
        status=202,
        headers=(ONCE,),
        errors=("already_started", "unavailable"),
        throttle_rps=5,
        throttle_burst=10,
    ),
    Route(
        method="GET",
        path="/v1/models",
        capability="registry",
        operation="list_models",
        summary="List trained models",
        tag="models",
        scopes=(*SIGNED_IN, "platform/models"),
        query=Page,
        response=registry.ModelPage,
        errors=("unavailable",),
    ),
    Route(
        method="PUT",
        path="/v1/models/{version}/approve",
        capability="registry",
        operation="approve_model",
        summary="Approve a model for deployment",
        tag="models",
        scopes=(*SIGNED_IN, "platform/approve"),
        groups=("approvers",),
        request=registry.Approve,
        response=registry.Approval,
        errors=("unknown_model", "not_pending", "worse_than_live", "unavailable"),
        throttle_rps=5,
        throttle_burst=10,
    ),
    Route(
        method="GET",
        path="/v1/health",
        capability="system",
        operation="health",
        summary="Tell that the API is alive",
        tag="system",
        response=system.Health,
    ),
    Route(
        method="GET",
        path="/v1/docs",
        capability="system",
        operation="docs",
        summary="This document as a page",
        tag="system",
        response=None,
        media="text/html",
        throttle_rps=20,
        throttle_burst=40,
        cache_s=300,
    ),
    Route(
        method="GET",
        path="/v1/openapi.json",
        capability="system",
        operation="openapi",
        summary="This document",
        tag="system",
        response=system.OpenApiDocument,
        cache_s=300,
    ),
)
