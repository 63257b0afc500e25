"""Whether a new model is good enough to be registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.models import BASELINE
from functions.shared.tasks import WorkError

METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""

    def update(self, version: str, values: Mapping[str, Any], *, status: str | None = None) -> None:
        """Sets attributes of an item."""


@dataclass(frozen=True)
class Verdict:
    """register or reject, and why."""

    outcome: str
    why: str


def compare(
    models: Models, evaluation: Mapping[str, Any], version: str, model_data: str, *, metric: str, threshold: float
) -> dict[str, Any]:
    """Judges a model and writes its figures to the table.

    Raises:
        WorkError: the evaluation lacks the figure that decides.
    """
    live = models.live()
    verdict = judge(evaluation, live, metric, threshold)
    values: dict[str, Any] = {
        "metrics": {name: evaluation[name] for name in (*METRICS, "per_class") if evaluation.get(name) is not None},
        "metric": metric,
        "algorithm": str(evaluation.get("algorithm", "")),
        "modelDataUrl": model_data,
        "verdict": verdict.why,
    }
    if "sample" in evaluation:
        values["sample"] = evaluation["sample"]
    if verdict.outcome == "reject":
        values["status"] = "Rejected"
    models.update(version, values)
    shown = {name: value for name, value in values["metrics"].items() if name != "per_class"}
    measured = measure(evaluation, live)
    return {"outcome": verdict.outcome, "why": verdict.why, "metrics": shown, "version": version, "measured": measured}


def measure(evaluation: Mapping[str, Any], live: Mapping[str, Any] | None) -> dict[str, float]:
    """How often the model is right, in per cent, and how many points less often than the live one was.

    The baseline of a new stack is no measure: it knows other data.
    """
    accuracy = evaluation.get("accuracy")
    if not isinstance(accuracy, float):
        return {}
    found = {"ModelAccuracy": 100 * accuracy}
    if live is not None and live["version"] != BASELINE:
        theirs = (live.get("metrics") or {}).get("accuracy")
        if isinstance(theirs, float):
            found["AccuracyDrop"] = max(0.0, 100 * (theirs - accuracy))
    return found


def judge(evaluation: Mapping[str, Any], live: Mapping[str, Any] | None, metric: str, threshold: float) -> Verdict:
    """A model has to reach the threshold and to beat the live one; the baseline of a new stack does not count."""
    figure = evaluation.get(metric)
    if isinstance(figure, bool) or not isinstance(figure, (int, float)) or not 0 <= figure <= 1:
        raise WorkError(f"evaluation.{metric}: {figure!r} is not a number from 0 to 1; look at the evaluation job")
    if figure < threshold:
        return Verdict("reject", f"{metric} {figure:.4f} is below the threshold {threshold:.4f}")
    if live is None or live["version"] == BASELINE:
        return Verdict(
            "register", f"{metric} {figure:.4f} reaches the threshold {threshold:.4f}; no other model is live"
        )
    theirs = (live.get("metrics") or {}).get(metric)
    if theirs is None:
        return Verdict("register", f"{metric} {figure:.4f}; the live model {live['version']} has no such figure")
    if figure > theirs:
        return Verdict("register", f"{metric} {figure:.4f} beats {theirs:.4f} of the live model {live['version']}")
    return Verdict("reject", f"{metric} {figure:.4f} does not beat {theirs:.4f} of the live model {live['version']}")
