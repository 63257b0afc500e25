"""Schemas that several routes share: strict bodies, the error envelope, pages, a row for the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A request body in camelCase: no unknown field, no NaN or infinity, no number taken for a text."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=to_camel)


class Answer(BaseModel):
    """A response body, camelCase on the wire."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


Value = Annotated[
    str | int | float | bool,
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
"""What a model predicts."""
Confidence = Annotated[float, Field(ge=0, le=1)]


class ErrorDetail(Answer):
    """What is wrong with one field."""

    field: str
    message: str


class ErrorBody(Answer):
    """One error."""

    code: str
    message: str
    details: list[ErrorDetail]
    timestamp: str
    request_id: str


class ErrorEnvelope(Answer):
    """The body of every answer with a status of 400 or above."""

    error: ErrorBody


class Pagination(Answer):
    """Where a page lies in the whole list."""

    page: Annotated[int, Field(ge=1)]
    limit: Annotated[int, Field(ge=1, le=100)]
    total: Annotated[int, Field(ge=0, description="Rows of the whole list; longer ones are counted up to 10,000")]
    total_pages: Annotated[int, Field(ge=0)]
    has_next: bool
    has_previous: bool
    next: Annotated[str | None, Field(description="Cursor of the next page, where there is one")] = None
    start: Annotated[str | None, Field(description="Where the list began: sent with `page`, pages do not shift")] = None


class Page(Body):
    """Query parameters of a list."""

    page: Annotated[int, Field(ge=1, le=100000)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20


def example(value: dict[str, Any]) -> ConfigDict:
    """Configuration of a schema with its example."""
    return ConfigDict(json_schema_extra={"example": value})


def page_example(row: Mapping[str, Any]) -> ConfigDict:
    """Configuration of the schema of a page, with the only page of a list of one row as its example."""
    pagination = {"page": 1, "limit": 20, "total": 1, "totalPages": 1, "hasNext": False, "hasPrevious": False}
    return example({"data": [row], "pagination": pagination})


Number = Annotated[float, Field(allow_inf_nan=False)]
Feature = Annotated[
    bool | int | Number | Annotated[str, Field(max_length=1000)],
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "maxLength": 1000}, {"type": "boolean"}]}),
]
"""One feature's value. A feature that is missing is left out; null is no value."""

FEATURES: dict[str, Any] = {"age": 52, "income": 48000.0, "segment": "b"}


class PredictionInput(Body):
    """One row: each field but `metadata` is a feature of the model."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {**FEATURES, "metadata": {"order": "A-17"}}})
    __pydantic_extra__: dict[str, Feature]
    metadata: Annotated[
        dict[str, Any],
        Field(
            default_factory=dict,
            description="The caller's own remarks: not part of the row, not kept, not part of the cache's key",
        ),
    ]
