"""DynamoDB: tables, indexes and streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one
from sandbox.rights.actions.keys import by_service

EQUALS: Final = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")
TRANSACTED: Final[Mapping[str, str]] = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
"""Part of a transaction → the action that it is judged by."""


def table(call: Call, name: str) -> str:
    """The ARN of a table that a parameter names by name or ARN."""
    return name if name.startswith("arn:") else call.arn("dynamodb", f"table/{name}")


def plain(value: Any) -> str:
    """A value in DynamoDB's notation, as conditions see it."""
    found = next(iter(value.values())) if isinstance(value, Mapping) else value
    return found.decode() if isinstance(found, bytes) else str(found)


def _needs(call: Call, state: State, action: str, name: str, keys: Sequence[str], *, index: str = "") -> Iterable[Need]:
    arn = table(call, name)
    leading = {"dynamodb:leadingkeys": tuple(keys)} if keys else {}
    select = {**one("dynamodb:select", call.params.get("Select")), **_returned(call)}
    yield Need(f"dynamodb:{action}", (f"{arn}/index/{index}" if index else arn,), {**leading, **select})
    # The table's key is unwrapped for the caller; every read and write goes through it.
    yield from by_service(
        call,
        state.key_of(arn),
        "dynamodb",
        ["Decrypt"],
        aws__dynamodb__tableName=arn.rsplit("/", 1)[-1],
        aws__dynamodb__subscriberId=arn.split(":")[4],
    )


def _returned(call: Call) -> dict[str, tuple[str, ...]]:
    return {
        **one("dynamodb:returnvalues", call.params.get("ReturnValues")),
        **one("dynamodb:returnconsumedcapacity", call.params.get("ReturnConsumedCapacity")),
    }


def _leading(call: Call, state: State, name: str, items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The values of the attribute that partitions the table, of items or keys."""
    attribute = state.partition_key(table(call, name))
    return [plain(item[attribute]) for item in items if attribute in item]


def _on_item(action: str, member: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        name = call.text("TableName")
        return _needs(call, state, action, name, _leading(call, state, name, [call.params.get(member) or {}]))

    return row


def _searches(action: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        name, index = call.text("TableName"), call.text("IndexName")
        arn = table(call, name)
        attribute = state.partition_key(f"{arn}/index/{index}" if index else arn)
        return _needs(call, state, action, name, _asked(call.params, attribute), index=index)

    return row


def _asked(params: Mapping[str, Any], attribute: str) -> list[str]:
    """The partition that a query asks for: `#p = :p`, or the older conditions by name."""
    older = (params.get("KeyConditions") or {}).get(attribute)
    if older:
        return [plain(value) for value in older.get("AttributeValueList", ())]
    names = params.get("ExpressionAttributeNames") or {}
    values = params.get("ExpressionAttributeValues") or {}
    expression = params.get("KeyConditionExpression") or ""
    return [
        plain(values[value])
        for name, value in EQUALS.findall(expression if isinstance(expression, str) else "")
        if names.get(name, name) == attribute and value in values
    ]


def _in_batches(action: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        for name, asked in (call.params.get("RequestItems") or {}).items():
            yield from _needs(call, state, action, name, _leading(call, state, name, _items(asked)))

    return row


def _items(asked: Any) -> Iterable[Mapping[str, Any]]:
    """The keys of a batch of reads, the items and keys of a batch of writes."""
    if isinstance(asked, Mapping):
        yield from asked.get("Keys", ())
        return
    for request in asked:
        if "PutRequest" in request:
            yield request["PutRequest"]["Item"]
        else:
            yield request["DeleteRequest"]["Key"]


def _transacts(call: Call, state: State) -> Iterable[Need]:
    for part in call.params.get("TransactItems") or ():
        for kind, asked in part.items():
            name = str(asked["TableName"])
            keys = _leading(call, state, name, [asked.get("Item") or asked.get("Key") or {}])
            enclosed = {} if kind == "ConditionCheck" else one("dynamodb:enclosingoperation", call.operation)
            for need in _needs(call, state, TRANSACTED[kind], name, keys):
                known = enclosed if need.action.startswith("dynamodb:") else {}
                yield Need(need.action, need.resources, {**need.context, **known})


def _on_table(operation: str) -> Row:
    return on(f"dynamodb:{operation}", lambda call: table(call, call.text("TableName")))


def _on_stream(operation: str) -> Row:
    def row(call: Call, _: State) -> Iterable[Need]:
        # An iterator begins with the ARN of its stream.
        arn = call.text("StreamArn") or call.text("ShardIterator").split("|", 1)[0]
        yield Need(f"dynamodb:{operation}", (arn,))

    return row


DYNAMODB: Final[Table] = {
    "BatchGetItem": _in_batches("BatchGetItem"),
    "BatchWriteItem": _in_batches("BatchWriteItem"),
    "DeleteItem": _on_item("DeleteItem", "Key"),
    "DescribeContinuousBackups": _on_table("DescribeContinuousBackups"),
    "DescribeTable": _on_table("DescribeTable"),
    "DescribeTimeToLive": _on_table("DescribeTimeToLive"),
    "GetItem": _on_item("GetItem", "Key"),
    "ListTables": anything("dynamodb:ListTables"),
    "PutItem": _on_item("PutItem", "Item"),
    "Query": _searches("Query"),
    "Scan": _searches("Scan"),
    "TransactGetItems": _transacts,
    "TransactWriteItems": _transacts,
    "UpdateItem": _on_item("UpdateItem", "Key"),
}

STREAMS: Final[Table] = {
    "DescribeStream": _on_stream("DescribeStream"),
    "GetRecords": _on_stream("GetRecords"),
    "GetShardIterator": _on_stream("GetShardIterator"),
    "ListStreams": anything("dynamodb:ListStreams"),
}
