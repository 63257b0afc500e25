"""What the program declares arrives as the engine would hand it to AWS: named, tagged, whole, tied to its parents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.ledger import Ledger, Resource
from sandbox.program import ProgramError, run

HEADER = "import json\nimport pulumi\nfrom pulumi_aws import dynamodb, iam, kms, lambda_, s3, sqs\n"


def evaluate(folder: Path, body: str, config: Mapping[str, str] | None = None) -> Ledger:
    """Runs a small program and gives its ledger."""
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n")
    (folder / "__main__.py").write_text(HEADER + body)
    return run("dev", root=folder, config=config)


def bucket(ledger: Ledger) -> Resource:
    return ledger.one("aws:s3/bucket:Bucket")


def test_a_name_is_made_like_the_engine_makes_it_and_stays(tmp_path: Path) -> None:
    one = bucket(evaluate(tmp_path, 's3.Bucket("Raw")')).id
    other = bucket(evaluate(tmp_path, 's3.Bucket("Raw")')).id
    assert one == other
    assert one.startswith("raw-")
    assert len(one) == len("raw-") + 7


def test_a_name_prefix_is_kept(tmp_path: Path) -> None:
    role = evaluate(tmp_path, 'iam.Role("r", name_prefix="mine-", assume_role_policy="{}")').one("aws:iam/role:Role")
    assert role.id.startswith("mine-")


def test_a_long_name_is_cut_to_the_services_limit(tmp_path: Path) -> None:
    assert len(bucket(evaluate(tmp_path, f's3.Bucket("{"b" * 90}")')).id) == 63


def test_a_declared_name_is_left_alone(tmp_path: Path) -> None:
    assert bucket(evaluate(tmp_path, 's3.Bucket("raw", bucket="mine")')).id == "mine"


def test_whole_numbers_arrive_whole(tmp_path: Path) -> None:
    key = evaluate(tmp_path, 'kms.Key("k", deletion_window_in_days=7)').one("aws:kms/key:Key")
    assert repr(key.inputs["deletionWindowInDays"]) == "7"


def test_secrets_are_unwrapped_for_the_runtimes_and_stay_secret_for_the_program(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
queue = sqs.Queue("q", policy=pulumi.Output.secret('{"a": 1}'))
pulumi.export("secret", pulumi.Output.from_input(queue.policy).is_secret())
""",
    )
    assert ledger.one("aws:sqs/queue:Queue").inputs["policy"] == '{"a": 1}'
    assert ledger.exports["secret"] is True


def test_default_tags_lie_under_declared_ones(tmp_path: Path) -> None:
    config = {"aws:defaultTags": '{"tags": {"Team": "a", "Stack": "dev"}}'}
    found = bucket(evaluate(tmp_path, 's3.Bucket("raw", tags={"Team": "b"})', config))
    assert found.inputs["tagsAll"] == {"Team": "b", "Stack": "dev"}
    assert found.inputs["tags"] == {"Team": "b"}


def test_a_provider_gives_region_and_tags_to_its_resources(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
from pulumi_aws.provider import Provider
west = Provider("west", region="us-west-2", default_tags={"tags": {"Side": "west"}})
s3.Bucket("raw", opts=pulumi.ResourceOptions(provider=west))
""",
    )
    found = bucket(ledger)
    assert found.region == "us-west-2"
    assert found.inputs["tagsAll"] == {"Side": "west"}
    assert found.outputs["bucketRegionalDomainName"] == f"{found.id}.s3.us-west-2.amazonaws.com"


def test_parents_dependencies_protection_and_options_are_kept(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
class Lake(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tiny:index:Lake", name)
        opts = pulumi.ResourceOptions(parent=self, protect=True, ignore_changes=["tags"])
        self.raw = s3.Bucket("raw", opts=opts)
        self.register_outputs({"bucket": self.raw.id})

lake = Lake("lake")
s3.BucketVersioning("v", bucket=lake.raw.id, versioning_configuration={"status": "Enabled"})
""",
    )
    lake, raw = ledger.one("tiny:index:Lake"), bucket(ledger)
    assert (lake.status, lake.custom, lake.parent, lake.outputs) == ("component", False, "", {"bucket": raw.id})
    assert raw.urn == "urn:pulumi:dev::tiny::tiny:index:Lake$aws:s3/bucket:Bucket::raw"
    assert (raw.parent, raw.protect, raw.options["ignoreChanges"]) == (lake.urn, True, ["tags"])
    assert raw.urn in ledger.one("aws:s3/bucketVersioning:BucketVersioning").dependencies


def test_a_resource_that_is_only_read_is_not_made(tmp_path: Path) -> None:
    found = bucket(evaluate(tmp_path, 'pulumi.export("arn", s3.Bucket.get("theirs", "their-bucket").id)'))
    assert (found.id, found.status) == ("their-bucket", "recorded")


def test_transforms_run_from_the_resource_outwards(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
def add(word):
    def transform(args):
        if args.type_ != "aws:s3/bucket:Bucket":
            return None
        tags = {**(args.props.get("tags") or {}), "Order": (args.props.get("tags") or {}).get("Order", "") + word}
        return pulumi.ResourceTransformResult(props={**args.props, "tags": tags}, opts=args.opts)
    return transform

pulumi.runtime.register_resource_transform(add("stack"))
parent = pulumi.ComponentResource("tiny:index:P", "p", None, pulumi.ResourceOptions(transforms=[add("parent ")]))
raw = s3.Bucket("raw", opts=pulumi.ResourceOptions(parent=parent, transforms=[add("own ")]))
pulumi.export("tags", raw.tags)
""",
    )
    assert bucket(ledger).inputs["tags"] == {"Order": "own parent stack"}
    assert ledger.exports["tags"] == {"Order": "own parent stack"}


def test_policies_declared_as_structures_become_text(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
policy = iam.Policy("p", policy={"Version": "2012-10-17", "Statement": []})
pulumi.export("policy", policy.policy)
""",
    )
    assert ledger.exports["policy"] == '{"Statement": [], "Version": "2012-10-17"}'


def test_functions_of_the_provider_answer_with_values(tmp_path: Path) -> None:
    ledger = evaluate(
        tmp_path,
        """
import pulumi_aws
from pulumi_aws import sagemaker
from pulumi_aws.get_region import get_region
pulumi.export("region", get_region().region)
image = sagemaker.get_prebuilt_ecr_image_output(repository_name="sagemaker-xgboost", image_tag="3.0-5")
pulumi.export("image", image.registry_path)
document = iam.get_policy_document_output(
    statements=[{
        "actions": ["s3:GetObject"],
        "resources": ["*"],
        "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
    }],
)
pulumi.export("document", document.json.apply(json.loads))
""".replace("import pulumi_aws\n", ""),
    )
    assert ledger.exports["region"] == "us-east-1"
    assert ledger.exports["image"] == "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
    assert ledger.exports["document"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            (
                "from pulumi_aws import mq\nmq.Broker('b', engine_type='ActiveMQ', engine_version='5', "
                "host_instance_type='mq.t3.micro', users=[])"
            ),
            "knows no type aws:mq/broker:Broker; add a row for it in sandbox/recipes/",
        ),
        (
            "from pulumi_aws import ssm\nssm.get_parameter(name='x')",
            r"no answer for aws:ssm/getParameter:getParameter; add one in sandbox/seam/functions\.py",
        ),
        ("s3.Bucket('a')\ns3.Bucket('a')", "duplicate resource URN"),
        ("raise ValueError('size must be 1 to 3')", r"size must be 1 to 3 \(__main__\.py:4\)"),
        ("pulumi.log.error('no good')", "no good"),
        (
            (
                "def other(args):\n"
                "    opts = pulumi.ResourceOptions(protect=True)\n"
                "    return pulumi.ResourceTransformResult(args.props, opts)\n"
                "s3.Bucket('a', opts=pulumi.ResourceOptions(transforms=[other]))"
            ),
            "a transform changed resource options",
        ),
    ],
    ids=["type", "function", "urn", "exception", "log", "transform"],
)
def test_an_error_is_told_once_with_its_first_cause(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], body: str, told: str
) -> None:
    with pytest.raises(ProgramError, match=told):
        evaluate(tmp_path, body)
    assert capfd.readouterr().err == ""
