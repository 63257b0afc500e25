"""The files of a batch, all below one prefix of the processed bucket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

from pydantic_core import from_json, to_json

from functions.shared.aws.sdk import client
from functions.shared.places import BATCH_RESULTS

PIECES, ANSWERS = "pieces/", "answers/"
_PIECE: Final = re.compile(r"(?P<number>\d{5})\.json\.out")

Rows = Sequence[Any]


class BatchFiles:
    """`input-<digest>.jsonl`, then `pieces/NNNNN.json` for a transform, `answers/NNNNN.json.out`, `results-….jsonl`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put_rows(self, batch_id: str, digest: str, rows: Iterable[Any]) -> None:
        """Keeps what was asked, one row a line; another body of the same id is another file."""
        self._put(f"{folder(batch_id)}input-{digest}.jsonl", b"".join(to_json(row) + b"\n" for row in rows))

    def rows(self, batch_id: str, digest: str) -> list[Any]:
        """What was asked."""
        return [from_json(line) for line in self._get(f"{folder(batch_id)}input-{digest}.jsonl").splitlines()]

    def put_piece(self, batch_id: str, number: int, rows: Rows) -> None:
        """Keeps some rows as the model's container takes them: one document is one request of a transform."""
        self._put(f"{folder(batch_id)}{PIECES}{number:05d}.json", instances(rows))

    def put_answer(self, batch_id: str, number: int, document: Any) -> None:
        """Keeps the answer to one piece under the name that a transform gives it."""
        self._put(f"{folder(batch_id)}{ANSWERS}{number:05d}.json.out", to_json(document))

    def answered(self, batch_id: str) -> dict[int, str]:
        """Number of each piece that has an answer → its key.

        SageMaker may repeat parts of the input's path between prefix and name, so the name alone counts.
        """
        pages = client("s3").get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{folder(batch_id)}{ANSWERS}"
        )  # fmt: skip
        keys = [str(entry["Key"]) for page in pages for entry in page.get("Contents", [])]
        found = {key: _PIECE.fullmatch(key.rpartition("/")[2]) for key in keys}
        return {int(match["number"]): key for key, match in found.items() if match}

    def answer(self, key: str) -> Any:
        """An answer; None for one that is no JSON."""
        try:
            return from_json(self._get(key))
        except ValueError:
            return None

    def put_results(self, batch_id: str, lines: Iterable[Any]) -> str:
        """Keeps results, one line a row in the order of the rows, under a name of their own.

        Of two deliveries that close the same batch at once, the one that the record knows counts.
        """
        body = b"".join(to_json(line) + b"\n" for line in lines)
        name = f"results-{sha256(body).hexdigest()[:16]}.jsonl"
        self._put(f"{folder(batch_id)}{name}", body)
        return name

    def results_url(self, batch_id: str, name: str, lifetime_s: int) -> str:
        """An address by which whoever has it reads results for a while."""
        where = {"Bucket": self._bucket, "Key": f"{folder(batch_id)}{name}"}
        return str(client("s3").generate_presigned_url("get_object", Params=where, ExpiresIn=lifetime_s))

    def place(self, batch_id: str, name: str) -> str:
        """The S3 address of a folder of a batch, such as `pieces/`."""
        return f"s3://{self._bucket}/{folder(batch_id)}{name}"

    def _put(self, key: str, body: bytes) -> None:
        # The bucket encrypts by its own key where a request names none.
        client("s3").put_object(Bucket=self._bucket, Key=key, Body=body)

    def _get(self, key: str) -> bytes:
        body: bytes = client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body


def folder(batch_id: str) -> str:
    """Where everything of one batch lies."""
    return f"{BATCH_RESULTS}{batch_id}/"


def instances(rows: Rows) -> bytes:
    """Rows as the model's container takes them."""
    return to_json({"instances": rows})


def pieces(rows: Rows, size: int) -> list[Rows]:
    """Rows in pieces of a size, the last one shorter."""
    return [rows[at : at + size] for at in range(0, len(rows), size)]
