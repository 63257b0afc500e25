"""What a bucket's replication configuration asks for, read from the XML of S3 as moto keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule that is enabled."""

    identity: str
    bucket: str
    """Name of the destination."""
    priority: int = 0
    prefix: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    delete_markers: bool = False
    kms_objects: bool = False
    """Whether objects under a KMS key are replicated; S3 leaves them out unless it is told to."""
    replica_changes: bool = False
    """Whether changed tags and locks of replicas are replicated back."""
    kms_key: str = ""
    """The key of the destination's region."""
    storage_class: str = ""

    def matches(self, key: str, tags: Mapping[str, str]) -> bool:
        """Whether the rule's filter takes an object."""
        return key.startswith(self.prefix) and all(tags.get(name) == value for name, value in self.tags.items())


def rules(configuration: Mapping[str, Any] | None) -> list[Rule]:
    """The enabled rules of a configuration, those of the highest priority first."""
    declared = (configuration or {}).get("Rule") or []
    found = [_rule(rule) for rule in declared if rule.get("Status") == "Enabled"]
    return sorted(found, key=lambda rule: -rule.priority)


def chosen(found: list[Rule], key: str, tags: Mapping[str, str]) -> list[Rule]:
    """The rules by which an object is copied: for each destination the first that takes it."""
    by_bucket: dict[str, Rule] = {}
    for rule in found:
        if rule.matches(key, tags):
            by_bucket.setdefault(rule.bucket, rule)
    return list(by_bucket.values())


def shown(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as GetBucketReplication answers it, with all that was put."""
    return {"Role": configuration["Role"], "Rules": [_shown(rule) for rule in configuration["Rule"]]}


def _rule(declared: Mapping[str, Any]) -> Rule:
    destination, selection = declared["Destination"], declared.get("SourceSelectionCriteria") or {}
    prefix, tags = _filter(declared)
    return Rule(
        identity=str(declared.get("ID", "")),
        bucket=str(destination["Bucket"]).rpartition(":")[2],
        priority=int(declared.get("Priority") or 0),
        prefix=prefix,
        tags=tags,
        delete_markers=_enabled(declared.get("DeleteMarkerReplication")),
        kms_objects=_enabled(selection.get("SseKmsEncryptedObjects")),
        replica_changes=_enabled(selection.get("ReplicaModifications")),
        kms_key=str((destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID") or ""),
        storage_class=str(destination.get("StorageClass") or ""),
    )


def _filter(declared: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Prefix and tags, wherever the version of the configuration puts them."""
    outer = declared.get("Filter") or {}
    inner = outer.get("And") or outer
    tags = inner.get("Tag") or []
    rows = tags if isinstance(tags, list) else [tags]
    prefix = inner.get("Prefix") or declared.get("Prefix") or ""
    return str(prefix), {str(row["Key"]): str(row.get("Value") or "") for row in rows}


def _shown(rule: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in rule.items() if value is not None}
    result["Priority"] = int(rule["Priority"])
    outer = rule.get("Filter") or {}
    both = outer.get("And")
    if both:
        tags = both.get("Tag") or []
        rows = tags if isinstance(tags, list) else [tags]
        result["Filter"] = {"And": {"Prefix": both.get("Prefix") or "", "Tags": rows}}
    elif "Prefix" in outer:
        result["Filter"] = {"Prefix": outer["Prefix"] or ""}  # an empty text is nothing in XML
    destination = dict(rule["Destination"])
    for name, member in (("ReplicationTime", "Time"), ("Metrics", "EventThreshold")):
        if (destination.get(name) or {}).get(member):
            minutes = {"Minutes": int(destination[name][member]["Minutes"])}
            destination[name] = {**destination[name], member: minutes}
    return {**result, "Destination": destination}


def _enabled(declared: Any) -> bool:
    return bool(declared) and declared.get("Status") == "Enabled"
