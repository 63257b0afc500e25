"""Bodies and queries of the data routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from functions.shared.resources.lists import EARLIEST, LATEST, ListQuery
from functions.shared.schemas import Answer, Body, Pagination, example, page_example

Status = Literal["active", "archived"]
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Sort = Literal["-createdAt", "createdAt", "-updatedAt", "updatedAt"]
_PAYLOAD_TOLD = "What the record holds; up to 256 KB as JSON"
_ATTRIBUTES_TOLD = "What is known about it: up to 50 texts (200 characters), numbers, true or false, by name"
Payload = Annotated[dict[str, Any], Field(description=_PAYLOAD_TOLD)]
PayloadPart = Annotated[dict[str, Any], Field(default_factory=dict, description=_PAYLOAD_TOLD)]
Attributes = Annotated[dict[str, Any], Field(description=_ATTRIBUTES_TOLD)]
SomeAttributes = Annotated[dict[str, Any], Field(default_factory=dict, description=_ATTRIBUTES_TOLD)]

_PAYLOAD = {"patient": "P-17", "values": {"age": 52, "segment": "b"}}
_ATTRIBUTES = {"source": "import", "batch": 7}
_ROW = {
    "id": "5b0c3f1e-6a44-4a58-8d3c-1f7be0d6a001",
    "ownerId": "0c8f7c4e-2a5b-4f6d-9a51-6d3f2b1c0e9a",
    "status": "active",
    "attributes": _ATTRIBUTES,
    "version": 1,
    "createdAt": "2026-01-31T12:00:00.000Z",
    "updatedAt": "2026-01-31T12:00:00.000Z",
}


class RecordQuery(ListQuery):
    """Which records, in which order."""

    sort: Annotated[Sort, Field(description="By which moment; `-` is the newest first")] = "-createdAt"
    status: Annotated[Status | None, Field(description="Only records of this status")] = None
    since: Annotated[Moment | None, Field(description="Not before this moment, by what `sort` names")] = None
    until: Annotated[Moment | None, Field(description="Before this moment, by what `sort` names")] = None
    attribute: Annotated[
        str | None,
        Field(
            pattern=r"^[^:\x00-\x1f]{1,64}:[^\x00-\x1f]{1,200}$",
            description="Only records with this attribute, as `name:value`; a number or true and false as in JSON",
        ),
    ] = None
    owner: Annotated[
        str | None,
        Field(max_length=36, description="Only this user's; everybody's where an administrator leaves it out"),
    ] = None


class NewRecord(Body):
    """A record to keep."""

    model_config = example({"payload": _PAYLOAD, "attributes": _ATTRIBUTES})
    payload: Payload
    attributes: SomeAttributes


class WholeRecord(Body):
    """All that can be changed of a record: what is left out becomes what it is in a new record."""

    model_config = example({"payload": _PAYLOAD, "attributes": _ATTRIBUTES, "status": "archived"})
    payload: Payload
    attributes: SomeAttributes
    status: Status = "active"


class RecordChange(Body):
    """Parts of a record to change (RFC 7396): what is null inside of an object goes, what is left out stays."""

    model_config = example({"payload": {"values": {"age": 53}}, "attributes": {"batch": None}})
    payload: PayloadPart
    attributes: SomeAttributes
    status: Status | None = None


class RecordSummary(Answer):
    """A record without what it holds."""

    model_config = example(_ROW)
    id: str
    owner_id: str
    status: Status
    attributes: Attributes
    version: Annotated[int, Field(ge=1, description='Its ETag is this number in quotation marks: "1"')]
    created_at: str
    updated_at: str


class DataRecord(RecordSummary):
    """A record."""

    model_config = example({**_ROW, "payload": _PAYLOAD})
    payload: Payload


class RecordPage(Answer):
    """Some records, without what they hold."""

    model_config = page_example(_ROW)
    data: list[RecordSummary]
    pagination: Pagination
