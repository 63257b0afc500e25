"""The ways in which a drill's client writes, one module a kind of store, and where it finds them."""

from __future__ import annotations

from sandbox.drill.channels.cached import Cached
from sandbox.drill.channels.pages import Pages
from sandbox.drill.channels.places import Place, Places
from sandbox.drill.channels.rows import Rows
from sandbox.drill.channels.services import Items, Objects, Predictions

__all__ = ["Cached", "Items", "Objects", "Pages", "Place", "Places", "Predictions", "Rows"]
