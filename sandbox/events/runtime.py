"""The events runtime: hooks moto's rules, takes events from other runtimes, and runs the clock."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sandbox.events import bus, s3
from sandbox.events.clock import Clock, Entry, Now, utc_now
from sandbox.events.courier import Courier
from sandbox.events.envelope import completed, iso_time
from sandbox.events.hooks import Hooks
from sandbox.events.patterns import matches
from sandbox.events.schedules import rule_arn, rule_entries, scheduler_entries
from sandbox.events.targets import DELIVER, Arn, Cloud, Parcel, UnsupportedTargetError
from sandbox.events.transform import TransformError, target_input

LOG = logging.getLogger(__name__)


class Events:
    """EventBridge's delivery, which moto lacks.

    Build it with the cloud and a directory (unused: nothing is written), call `install()` before the program runs,
    `attach()` after it, `close()` at the end. Deliveries happen in the background; `idle()` waits for them.
    """

    def __init__(
        self,
        cloud: Cloud,
        directory: Path,
        *,
        now: Now = utc_now,
        tick_s: float | None = 1.0,
        retry_base_s: float = 1.0,
    ) -> None:
        self._cloud = cloud
        self.directory = directory
        self._now = now
        self._tick_s = tick_s
        self._hooks = Hooks()
        self._lost: set[str] = set()
        self.courier = Courier(cloud, retry_base_s=retry_base_s)
        self.clock = Clock(self._entries, now)

    def install(self) -> None:
        """Makes moto's rules and S3 notifications deliver through this runtime."""
        from moto.events.models import Rule
        from moto.s3 import notifications

        original = Rule.send_to_targets

        def send_to_targets(rule: Any, raw: Mapping[str, Any], transform_input: bool = True) -> None:
            del transform_input  # moto's S3 switches templates off; EventBridge does not
            self._match(rule, raw, original)

        def announce(account: str, bucket: Any, event_name: Any, key: Any) -> None:
            self._object_event(account, bucket, str(getattr(event_name, "value", event_name)), key)

        self._hooks.replace(Rule, "send_to_targets", send_to_targets)
        self._hooks.replace(notifications, "_send_event_bridge_message", announce)

    def attach(self, ledger: object) -> None:
        """Starts the clock; what is due is read from the rules and schedules that exist at each tick."""
        del ledger
        if self._tick_s is not None:
            self.clock.start(self._tick_s)

    def lose(self, region: str) -> None:
        """Matches no event and fires no schedule of a region until `recover`; what was due meanwhile is missed."""
        self._lost.add(region)

    def recover(self, region: str) -> None:
        """Goes on with a region."""
        self._lost.discard(region)

    def close(self) -> None:
        """Undoes the hooks and ends clock and courier; takes a few seconds at most."""
        self._hooks.undo()
        self.clock.close()
        self.courier.close()

    def idle(self, timeout_s: float = 10.0) -> bool:
        """Waits until every event taken so far is delivered or given up; false when that takes longer."""
        return self.courier.idle(timeout_s)

    def publish(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        *,
        resources: Iterable[str] = (),
        region: str | None = None,
    ) -> None:
        """Puts an AWS service's event on the default bus of a region (the stack's when not given)."""
        bus.publish(
            source,
            detail_type,
            detail,
            account=self._cloud.account,
            region=region or self._cloud.region,
            resources=resources,
            time=self._now(),
        )

    def _match(self, rule: Any, raw: Mapping[str, Any], original: Callable[..., None]) -> None:
        """Queues an event for each target of a rule that it matches. Nothing here may fail the caller's PutEvents."""
        if rule.state == "DISABLED" or rule.event_pattern.dump() is None or rule.region_name in self._lost:
            return
        happening = completed(raw, account=rule.account_id, region=rule.region_name)
        if not matches(rule.event_pattern, happening):
            return
        ingested = iso_time(raw.get("ingestion-time") or happening["time"])
        for target in list(rule.targets):
            if _left_to_moto(str(target["Arn"])):
                single = copy.copy(rule)
                single.targets = [target]
                original(single, raw)
                continue
            try:
                text = target_input(target, happening, rule_arn(rule), ingested)
            except TransformError as error:
                LOG.warning("rule %s, target %s: %s", rule.arn, target["Id"], error)
                continue
            self.courier.send(Parcel(target, text, happening["id"]), str(rule.arn))

    def _object_event(self, account: str, bucket: Any, name: str, key: Any) -> None:
        try:
            detail_type, _ = s3.happening(name)
        except KeyError:
            LOG.debug("S3 sends no event to EventBridge for %s", name)
            return
        described = s3.detail(name, bucket=bucket, key=key, account=account)
        self.publish("aws.s3", detail_type, described, resources=[str(bucket.arn)], region=str(bucket.region_name))

    def _entries(self) -> Iterator[Entry]:
        account, send = self._cloud.account, self.courier.send
        for entry in chain(rule_entries(account, send), scheduler_entries(account, send)):
            if entry.key.split(":")[3] not in self._lost:
                yield entry

    def now(self) -> datetime:
        """The time by this runtime's clock."""
        return self._now()


def _left_to_moto(arn: str) -> bool:
    """Archives and API destinations: moto does these itself, in the request."""
    try:
        parts = Arn.parse(arn)
    except UnsupportedTargetError:
        return False
    if parts.service != "events":
        return False
    return not parts.resource or parts.resource.startswith(("archive", "api-destination"))


SERVICES = frozenset(DELIVER)
"""The services that rules and schedules can have as targets here."""
