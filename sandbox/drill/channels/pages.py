"""Pages of the site: put into its bucket as a build puts them, and read by the site's address as visitors do."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sandbox.client import CallError, call
from sandbox.drill.channels.services import taken
from sandbox.drill.client import RefusedError
from sandbox.drill.losses import Write

_TIMEOUT_S = 10.0


class Pages:
    """Files below `drill/` of the site's bucket.

    Args:
        s3: a client of the region that is written to.
        bucket: the site's bucket there.
        address: where the site answers, whichever region's bucket it takes the answer from.
    """

    name = "pages"

    def __init__(self, s3: Callable[[], Any], bucket: Callable[[], str], address: str) -> None:
        self._s3, self._bucket, self._address = s3, bucket, address

    def write(self, number: int) -> tuple[str, str]:
        """Puts a new page."""
        key, value = f"drill/{uuid.uuid4()}.txt", f"page {number}"
        taken(lambda: self._s3().put_object(Bucket=self._bucket(), Key=key, Body=value.encode()))
        return key, value

    def read(self, write: Write) -> str | None:
        """What a visitor gets; RefusedError when the site has no answer."""
        try:
            reply = call(f"{self._address}/{write.id}", timeout_s=_TIMEOUT_S)
        except CallError as error:
            raise RefusedError(str(error)) from error
        if reply.status not in {200, 404}:
            raise RefusedError(f"the site answers {reply.status} for {write.id}: {reply.text[:200]}")
        return reply.text if reply.status == 200 else None
