"""Bodies and queries of the user routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.shared.resources.lists import ListQuery
from functions.shared.schemas import Answer, Body, Pagination, example, page_example

Name = Annotated[str, Field(min_length=1, max_length=200)]
Language = Annotated[str, Field(pattern="^[a-z]{2}(-[A-Z]{2})?$")]

_ROW = {
    "userId": "0c8f7c4e-2a5b-4f6d-9a51-6d3f2b1c0e9a",
    "email": "ada@example.org",
    "name": "Ada Example",
    "language": "en",
    "version": 1,
    "createdAt": "2026-01-31T12:00:00.000Z",
    "updatedAt": "2026-01-31T12:00:00.000Z",
}


class UserQuery(ListQuery):
    """Which page of users."""


class User(Answer):
    """A user; what an account does not have is empty."""

    model_config = example(_ROW)
    user_id: str
    email: str
    name: str
    language: str
    version: Annotated[int, Field(ge=0, description='Its ETag is this number in quotation marks: "1"')]
    created_at: str
    updated_at: str


class UserPage(Answer):
    """Some users, the newest first."""

    model_config = page_example(_ROW)
    data: list[User]
    pagination: Pagination


class WholeUser(Body):
    """All that can be changed of a user's record; the address proves who somebody is, and stays."""

    model_config = example({"name": "Ada Example", "language": "en"})
    name: Name
    language: Language


class UserChange(Body):
    """Parts of a user's record to change (RFC 7396)."""

    model_config = example({"name": "Ada Other"})
    name: Name | None = None
    language: Language | None = None
