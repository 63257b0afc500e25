"""The API in one table; the document, the gateway, the rights and the tests derive from it."""

from __future__ import annotations

from functions.routes import accounts, batches, data, models, system, users
from functions.routes.route import SIGNED_IN, Header, Route
from functions.shared.identity.tokens import ADMINISTRATORS

__all__ = ["ADMINISTRATORS", "ROUTES", "SIGNED_IN", "Header", "Route"]

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *users.ROUTES,
    *models.ROUTES,
    *batches.ROUTES,
    *data.ROUTES,
    *system.ROUTES,
)
"""Every operation, in the order of the document."""
