"""Health, and the document itself."""

from __future__ import annotations

from functions.routes.route import Route
from functions.system import schemas as system

ROUTES: tuple[Route, ...] = (
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
        path="/v1/health/ready",
        capability="system",
        operation="ready",
        summary="Tell whether predictions are answered, and what else is missed",
        tag="system",
        response=system.Ready,
        errors=("not_ready",),
        throttle_rps=20,
        throttle_burst=40,
    ),
    Route(
        method="GET",
        path="/v1/health/model",
        capability="system",
        operation="model_ready",
        summary="Tell whether the live model answers",
        tag="system",
        response=system.ModelReady,
        errors=("model_unavailable",),
        throttle_rps=20,
        throttle_burst=40,
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
        tagged=True,
        cache_s=300,
    ),
)
