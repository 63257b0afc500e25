"""Who hears alarms, what is promised, and how long records stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.settings.reading import matching, one_of, ranged
from components.values import RETENTION_DAYS

if TYPE_CHECKING:
    from components.settings.sections import Settings


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who hears what, and how long records stay."""

    log_days: int = one_of(30, *RETENTION_DAYS)
    """How long CloudWatch keeps logs."""
    emails: tuple[str, ...] = matching((), r"[^@\s]+@[^@\s]+\.[^@\s]+", "e-mail addresses, each once")
    """Addresses that hear alarms and the end of trainings; AWS asks each to confirm."""
    slack_workspace: str | None = matching(None, r"[A-Z0-9]{1,255}", "a workspace's id such as T07EA123LEP")
    """Slack workspace whose channel hears every alarm; it is authorized once, in the console of AWS Chatbot."""
    slack_channel: str | None = matching(None, r"[A-Za-z0-9]{1,255}", "a channel's id such as C07EZ1ABC23")
    """The channel."""
    pagerduty_url: str | None = matching(
        None,
        r"https://events\.(eu\.)?pagerduty\.com/(integration/[A-Za-z0-9]+/enqueue|x-ere/[A-Za-z0-9]+)",
        "the address of a CloudWatch integration, https://events.pagerduty.com/integration/KEY/enqueue",
    )
    """PagerDuty integration that hears critical alarms. Whoever knows it can raise incidents: give it with
    `pulumi config set --path mlplatform:observability.pagerdutyUrl --secret`."""
    objective: float = ranged(99.5, 90, 99.99)
    """Requests of 100 that are not to fail; alarms tell when failures use up the rest too fast."""
    traces_per_second: int = ranged(1, 0, 1000)
    """Requests of the API a second that X-Ray traces in any case."""
    traces_percent: float = ranged(5, 0, 100)
    """Share of the others that it traces."""
    prometheus_period_s: int = one_of(0, 0, 60, 300, 900, 3600)
    """How long a stretch `GET /v1/metrics` tells figures of, for Prometheus; 0 tells none. CloudWatch charges each of
    some 60 figures of each stretch that is scraped: with 300 about 5 USD a month."""
    grafana: bool = False
    """Whether the stack exports its dashboards for Grafana too."""
    runbook_url: str | None = matching(None, r"https://\S+", "an https address")
    """Where docs/runbooks/ can be read; alarms carry the link."""


def listeners(settings: Settings) -> list[str]:
    """A Slack channel is found by its workspace and its own id."""
    watch = settings.observability
    if (watch.slack_workspace is None) == (watch.slack_channel is None):
        return []
    given, other = ("slackWorkspace", "slackChannel") if watch.slack_workspace else ("slackChannel", "slackWorkspace")
    return [f"observability.{given} is given without {other}; allowed: both or none; add {other}, or remove {given}"]
