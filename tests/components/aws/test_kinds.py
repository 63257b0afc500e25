"""The table of kinds: what the provider's classes say, of all that components use."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from components.aws.describe import described, text, used
from components.aws.kinds import TABLE, camel, table

COMPONENTS = Path(__file__).resolve().parents[3] / "components"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a service is loaded whole, with the types that it renamed
def test_the_table_is_what_the_providers_classes_say() -> None:
    message = "run: python -m components.aws.describe"
    assert TABLE.read_text(encoding="utf-8") == text(used()), message


def test_every_type_in_use_has_a_row() -> None:
    assert set(table()) == set(used())


def test_components_take_services_from_one_place() -> None:
    found = [
        f"{path.relative_to(COMPONENTS)}:{node.lineno}"
        for path in COMPONENTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "pulumi_aws"
        and {alias.name for alias in node.names} != {"_utilities"}
    ]
    assert not found, f"{found} load whole services of the provider; write: from components.aws import …"


def test_a_function_is_known_by_its_token() -> None:
    token = "aws:secretsmanager/getRandomPassword:getRandomPassword"  # the name of a function
    assert described("secretsmanager.get_random_password_output") == {"token": token}


def test_an_enumeration_is_known_by_its_values() -> None:
    assert described("rds.EngineType")["values"]["AURORA_POSTGRESQL"] == "aurora-postgresql"


def test_keys_of_maps_are_told_from_those_of_structures() -> None:
    found = described("lambda_.Function")
    assert found["structures"]["environment"] == {"variables": "map"}
    assert "tags" not in found["structures"]


def test_what_is_secret_and_what_it_was_called_is_kept() -> None:
    assert described("secretsmanager.SecretVersion")["secrets"] == [
        "secret_binary",
        "secret_string",
        "secret_string_wo",
    ]
    assert described("s3.BucketVersioning")["aliases"] == ["aws:s3/bucketVersioningV2:BucketVersioningV2"]


@pytest.mark.parametrize(("name", "found"), [("arn", "arn"), ("kms_key_id", "kmsKeyId"), ("ipv6_cidr", "ipv6Cidr")])
def test_names_are_in_camel_case(name: str, found: str) -> None:
    assert camel(name) == found
