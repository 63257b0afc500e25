"""From the answers to pieces to the results of a batch: one line a row, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.shared.batches.files import Rows
from functions.shared.errors import ERRORS

CANCELLED, STOPPED = "batch_cancelled", "batch_stopped"
MESSAGES: Mapping[str, str] = {
    **{code: row.message for code, row in ERRORS.items()},
    CANCELLED: "the batch was cancelled before this row was done",
    STOPPED: "the batch was stopped by an operator before this row was done",
}
"""What is said of a row that has no result."""

SHOWN = ("prediction", "confidence", "alternatives")


def failure(code: str) -> dict[str, Any]:
    """The document that stands for a piece without an answer."""
    return {"failure": code}


def lines(pieces: Sequence[Rows], answers: Mapping[int, Any], missing: str) -> Iterator[dict[str, Any]]:
    """Every row's result or error; `missing` is the code of rows whose piece has no answer."""
    index = 0
    for number, rows in enumerate(pieces):
        for found in of_piece(len(rows), answers.get(number, failure(missing))):
            yield {"index": index, **found}
            index += 1


def of_piece(count: int, document: Any) -> Iterator[dict[str, Any]]:
    """What each row of one piece came to."""
    if isinstance(document, Mapping) and "failure" in document:
        yield from (error(str(document["failure"])) for _ in range(count))
        return
    try:
        version, predictions = str(document["modelVersion"]), list(document["predictions"])
    except (KeyError, TypeError):
        version, predictions = "", []
    if len(predictions) != count:
        # Which answer is whose could only be guessed.
        yield from (error("model_failed") for _ in range(count))
        return
    yield from (of_row(found, version) for found in predictions)


def of_row(found: Any, version: str) -> dict[str, Any]:
    """What one row came to."""
    try:
        if "errors" in found:
            details = [{"field": str(row["field"]), "message": str(row["message"])} for row in found["errors"]]
            return error("model_rejected_input", details)
        return {"result": {name: found[name] for name in SHOWN}, "modelVersion": version}
    except (KeyError, TypeError):
        return error("model_failed")


def error(code: str, details: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A row that has no result."""
    return {"error": {"code": code, "message": MESSAGES[code], "details": list(details)}}


def counts(pieces: Sequence[Rows], answers: Mapping[int, Any]) -> dict[str, int]:
    """Rows that are done, and those of them that have an error, as the record tells them."""
    found = [row for number in sorted(answers) for row in of_piece(len(pieces[number]), answers[number])]
    return {"done": len(found), "failed": sum("error" in row for row in found)}
