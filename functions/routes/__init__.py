"""The API in one table; the document, the gateway, the rights and the tests derive from it."""

from __future__ import annotations

from functions.routes import accounts, models, system
from functions.routes.route import SIGNED_IN, Header, Route

__all__ = ["ROUTES", "SIGNED_IN", "Header", "Route"]

ROUTES: tuple[Route, ...] = (*accounts.ROUTES, *models.ROUTES, *system.ROUTES)
"""Every operation, in the order of the document."""
