"""Parameters of DynamoDB updates."""

from __future__ import annotations

from typing import Any


def setting(
    text: dict[str, str], *, once: dict[str, str] | None = None, number: dict[str, int] | None = None
) -> dict[str, Any]:
    """The parameters of an update that sets attributes; those of `once` only where there is none, empty ones never."""
    values = {name: {"S": value} for name, value in {**text, **(once or {})}.items() if value}
    values |= {name: {"N": str(value)} for name, value in (number or {}).items()}
    kept = set(once or {}) - set(text)
    parts = [f"#{name} = if_not_exists(#{name}, :{name})" if name in kept else f"#{name} = :{name}" for name in values]
    return {
        "UpdateExpression": "SET " + ", ".join(parts),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }
