"""What a decision on a model package sets in motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from functions.shared.models import ChangedError
from functions.shared.tasks import WorkError

PENDING = "PendingApproval"


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def of_package(self, arn: str) -> dict[str, Any] | None:
        """The item of a model package."""

    def update(self, version: str, values: Mapping[str, Any], *, status: str | None = None) -> None:
        """Sets attributes of an item that has this status; ChangedError where it has not."""


class Workflow(Protocol):
    """The state machine."""

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Ends the wait for a token; False where nobody waits any more."""

    def start(self, name: str, given: Mapping[str, Any]) -> None:
        """Starts an execution; once for the same name."""


@dataclass(frozen=True)
class Approvals:
    """The reaction to events, with what it works on."""

    models: Models
    workflow: Workflow
    group: str

    def run(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Carries an `Approved` or `Rejected` to the training that waits, or starts a promotion.

        Raises:
            WorkError: the package is not in the table (yet); the event is delivered again.
        """
        detail = event["detail"]
        decision = detail.get("ModelApprovalStatus")
        if detail.get("ModelPackageGroupName") != self.group or decision not in ("Approved", "Rejected"):
            return {"outcome": "ignored", "why": "another group, or no decision"}
        arn = str(detail.get("ModelPackageArn") or event["resources"][0])
        item = self.models.of_package(arn)
        if item is None:
            raise WorkError(f"model package {arn}: no version of it in the table; it may still be on its way")
        if decision == "Rejected":
            return self.reject(item)
        return self.approve(item, str(event.get("id", arn)))

    def approve(self, item: Mapping[str, Any], event_id: str) -> dict[str, Any]:
        """The waiting training goes on; where none waits, a promotion begins."""
        version = str(item["version"])
        if item["status"] in ("Live", "Deploying"):
            return {"outcome": "ignored", "version": version, "why": f"is {item['status']} already"}
        if item["status"] == PENDING and self.told(item, "Approved"):
            return {"outcome": "resumed", "version": version, "why": "its training waited"}
        given = {"reason": "promotion", "promote": version, "force": bool(item.get("forced"))}
        # Named after the event: one that is delivered twice starts one promotion.
        self.workflow.start(f"promote-{version}-{sha256(event_id.encode()).hexdigest()[:12]}", given)
        return {"outcome": "promoted", "version": version, "why": f"was {item['status']}, no training waited"}

    def reject(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The version is rejected, and the waiting training ends."""
        version = str(item["version"])
        try:
            self.models.update(version, {"status": "Rejected"}, status=PENDING)
        except ChangedError:
            # Delivered again after the first time got no further than the table, or not pending at all.
            if item["status"] != "Rejected":
                return {"outcome": "ignored", "version": version, "why": f"is {item['status']}"}
        self.told(item, "Rejected")
        return {"outcome": "rejected", "version": version, "why": "by decision"}

    def told(self, item: Mapping[str, Any], decision: str) -> bool:
        """Whether a training waited for the decision."""
        token = item.get("taskToken")
        return bool(token) and self.workflow.answer(str(token), {"decision": decision, "version": item["version"]})
