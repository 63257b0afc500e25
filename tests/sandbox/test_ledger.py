"""The ledger keeps each resource once and answers questions about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.ledger import Ledger, Resource


def resource(name: str, **more: object) -> Resource:
    fields: dict[str, Any] = {"urn": f"urn::{name}", "type": "aws:s3/bucket:Bucket", "name": name, **more}
    made: Resource = Resource(**fields)
    return made


def test_of_type_keeps_the_order_of_declaration() -> None:
    ledger = Ledger()
    for name in ("b", "a", "c"):
        ledger.add(resource(name))
    assert [found.name for found in ledger.of_type("aws:s3/bucket:Bucket")] == ["b", "a", "c"]
    assert ledger.of_type("aws:sqs/queue:Queue") == []


def test_a_second_resource_with_the_same_urn_is_refused() -> None:
    ledger = Ledger()
    ledger.add(resource("a"))
    with pytest.raises(ValueError, match="duplicate resource URN 'urn::a'"):
        ledger.add(resource("a"))


@pytest.mark.parametrize("names", [(), ("a", "b")], ids=["none", "two"])
def test_one_says_how_many_there_are_when_there_is_not_one(names: tuple[str, ...]) -> None:
    ledger = Ledger()
    for name in names:
        ledger.add(resource(name))
    with pytest.raises(LookupError, match=f"found {len(names)}"):
        ledger.one("aws:s3/bucket:Bucket")


def test_a_watcher_is_told_of_what_is_declared_from_then_on() -> None:
    ledger, told = Ledger(), list[str]()
    ledger.add(resource("before"))
    ledger.watch(lambda found: told.append(found.name))
    ledger.add(resource("after"))
    with pytest.raises(ValueError, match="duplicate"):
        ledger.add(resource("after"))
    assert told == ["after"]


def test_a_component_gets_its_outputs_at_its_end() -> None:
    ledger = Ledger()
    ledger.add(resource("lake", custom=False, status="component"))
    ledger.finish("urn::lake", {"bucket": "raw"})
    assert ledger.by_urn("urn::lake").outputs == {"bucket": "raw"}


def test_the_text_does_not_depend_on_the_order_of_registration() -> None:
    one, other = Ledger("dev", "p"), Ledger("dev", "p")
    for name in ("a", "b"):
        one.add(resource(name))
    for name in ("b", "a"):
        other.add(resource(name))
    assert one.to_json() == other.to_json()
    assert [row["name"] for row in json.loads(one.to_json())["resources"]] == ["a", "b"]


def test_counts_and_children() -> None:
    ledger = Ledger()
    ledger.add(resource("lake", custom=False, status="component"))
    ledger.add(resource("raw", parent="urn::lake", outputs={"id": "raw-1"}))
    ledger.add(resource("paper", parent="urn::lake", status="recorded", reason="moto lacks it"))
    assert ledger.counts() == {"created": 1, "recorded": 1, "component": 1}
    assert [child.name for child in ledger.children("urn::lake")] == ["raw", "paper"]
    assert ledger.by_urn("urn::raw").id == "raw-1"
    assert len(ledger) == 3


def test_what_is_written_down_has_no_secret() -> None:
    ledger = Ledger("dev", "mlplatform")
    secret = "Mk8Rtg2KzvRbmUoE3Ntz"
    version = {"secretId": "cache", "secretString": json.dumps({"username": "application", "token": secret})}
    ledger.add(Resource(urn="urn:1", type="aws:secretsmanager/secretVersion:SecretVersion", name="1", inputs=version))
    group = {"authToken": secret, "port": 6379}
    ledger.add(Resource(urn="urn:2", type="aws:elasticache/replicationGroup:ReplicationGroup", name="2", inputs=group))
    rule = {"rules": [{"searchString": "mark-of-the-site-0815"}]}
    ledger.add(Resource(urn="urn:3", type="aws:wafv2/webAcl:WebAcl", name="3", inputs=rule))
    mark = {"secretString": "mark-of-the-site-0815"}
    ledger.add(Resource(urn="urn:4", type="aws:secretsmanager/secretVersion:SecretVersion", name="4", inputs=mark))
    text = ledger.to_json()
    assert secret not in text
    assert "mark-of-the-site" not in text
    assert json.loads(text)["resources"][1]["inputs"] == {"authToken": "[secret]", "port": 6379}
    assert "cache" in text
    assert ledger.by_urn("urn:2").inputs["authToken"] == secret
