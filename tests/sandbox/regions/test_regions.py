"""A program with two providers, alive in both regions: equal names, own ports, real copies, a loss and a return."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from botocore.exceptions import BotoCoreError

from sandbox.cache import Caches
from sandbox.client import CallError, call
from sandbox.cloud import Cloud, listen
from sandbox.control import Control, ControlError, ControlServer
from sandbox.events import Events
from sandbox.lambdas import Functions
from sandbox.ledger import Ledger
from sandbox.program import run
from sandbox.regions import Gateways, Regions
from sandbox.replication import Replication
from sandbox.seam.create import Creator

PROGRAM = Path(__file__).resolve().parents[1] / "programs" / "two_regions"
EAST, WEST = "us-east-1", "us-west-2"


class Box:
    """The program, deployed, with what a sandbox runs for it."""

    def __init__(self, directory: Path) -> None:
        root = directory / "project"
        shutil.copytree(PROGRAM, root)
        (root / "Pulumi.yaml").write_text("name: two\nruntime: python\n")
        (root / "Pulumi.dev.yaml").write_text("config: {}\n")
        self._ends: list[Callable[[], None]] = []
        self.cloud = Cloud()
        self.cloud.start(0)
        self._ends.append(self.cloud.stop)
        self.caches = Caches(self.cloud, directory / "cache")
        self._ends.append(self.caches.close)
        self.functions = Functions(self.cloud, directory / "functions", root=root)
        self._ends.append(self.functions.close)
        self.events = Events(self.cloud, directory / "events")
        self._ends.append(self.events.close)
        self.replication = Replication(self.cloud, directory / "replication", lag_s=0)
        self._ends.append(self.replication.close)
        runtimes: list[Any] = [self.caches, self.functions, self.events, self.replication]
        for runtime in runtimes:
            runtime.install()
        caches: Any = self.caches
        creator = Creator(self.cloud, caches, root)
        self.ledger: Ledger = run("dev", creator, root=root)
        for runtime in runtimes:
            runtime.attach(self.ledger)
        self.gateways = Gateways(self.cloud, self.functions)
        self.gateways.serve(self.ledger, listen(0, "--port"))
        self._ends.append(self.gateways.close)
        self.regions = Regions(self.ledger, self.cloud, self.gateways, self.replication, runtimes)
        self._ends.append(self.regions.close)
        self.regions.start()
        server = ControlServer(directory, self.regions.commands())
        self._ends.append(server.close)
        self.control = Control(directory)

    def health(self, region: str) -> str:
        """What the API of a region answers."""
        return call(f"{self.gateways.api_url(region)}/health", timeout_s=20).text

    def redis(self, region: str) -> Any:
        """A client of the region's cache."""
        group = self.ledger.region(region).one("aws:elasticache/replicationGroup:ReplicationGroup")
        return redis.Redis(
            host=group.outputs["primaryEndpointAddress"],
            port=group.outputs["port"],
            password="sixteen-characters-or-more",
            ssl=True,
            ssl_ca_certs=str(self.caches.ca_file),
            socket_timeout=5,
        )

    def close(self) -> None:
        """Ends all of it."""
        while self._ends:
            self._ends.pop()()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("box"))
    yield box
    box.close()


@pytest.fixture
def box(made: Box) -> Iterator[Box]:
    yield made
    for region in (EAST, WEST):
        made.control.recover(region)
    made.control.resume()
    assert made.control.settle()


def test_each_resource_is_of_its_providers_region(box: Box) -> None:
    assert box.ledger.regions() == [EAST, WEST]
    for region in (EAST, WEST):
        view = box.ledger.region(region)
        assert view.one("aws:lambda/function:Function").outputs["arn"].split(":")[3] == region
        assert view.one("aws:s3/bucket:Bucket").inputs["bucket"] == f"two-data-{region}"
    assert len(box.ledger.region(WEST).of_type("aws:dynamodb/table:Table")) == 0


def test_each_region_answers_by_its_own_function(box: Box) -> None:
    assert (box.health(EAST), box.health(WEST)) == (EAST, WEST)
    assert box.gateways.urls().keys() == {EAST, WEST}


def test_caches_of_one_name_are_two(box: Box) -> None:
    box.redis(EAST).set("where", "east")
    assert box.redis(WEST).get("where") is None


def test_what_the_program_declares_is_copied(box: Box) -> None:
    box.cloud.client("s3").put_object(Bucket=f"two-data-{EAST}", Key="a", Body=b"1")
    box.cloud.client("dynamodb").put_item(TableName="two-items", Item={"id": {"S": "a"}})
    assert box.control.settle()
    assert box.cloud.client("s3", WEST).get_object(Bucket=f"two-data-{WEST}", Key="a")["Body"].read() == b"1"
    assert "Item" in box.cloud.client("dynamodb", WEST).get_item(TableName="two-items", Key={"id": {"S": "a"}})
    secret = box.cloud.client("secretsmanager", WEST).get_secret_value(SecretId="two-token")
    assert secret["SecretString"] == "hidden"
    assert {lane["kind"] for lane in box.control.replication()["lanes"]} == {"s3", "dynamodb", "secretsmanager"}


def test_a_lost_region_answers_nothing_and_the_other_one_everything(box: Box) -> None:
    box.control.lose(EAST)
    with pytest.raises(CallError):
        box.health(EAST)
    for service, operation in (("dynamodb", "list_tables"), ("s3", "list_buckets"), ("lambda", "list_functions")):
        with pytest.raises(BotoCoreError):
            getattr(box.cloud.client(service, EAST), operation)()
    with pytest.raises(redis.exceptions.ConnectionError):
        box.redis(EAST).ping()
    assert box.health(WEST) == WEST
    assert box.redis(WEST).ping()
    assert box.cloud.client("dynamodb", WEST).list_tables()["TableNames"] == ["two-items"]
    lost = {region["name"]: region["lost"] for region in box.control.status()["regions"]}
    assert lost == {EAST: True, WEST: False}


def test_a_bucket_is_lost_with_its_region_whoever_asks(box: Box) -> None:
    box.control.lose(EAST)
    with pytest.raises(BotoCoreError):
        box.cloud.client("s3", WEST).list_objects_v2(Bucket=f"two-data-{EAST}")
    source = {"Bucket": f"two-data-{EAST}", "Key": "a"}
    with pytest.raises(BotoCoreError):
        box.cloud.client("s3", WEST).copy_object(Bucket=f"two-data-{WEST}", Key="b", CopySource=source)
    assert "KeyCount" in box.cloud.client("s3", WEST).list_objects_v2(Bucket=f"two-data-{WEST}")


def test_services_without_a_region_stay(box: Box) -> None:
    box.control.lose(EAST)
    assert box.cloud.client("iam", EAST).list_roles()["Roles"]


def test_a_call_that_runs_in_a_lost_region_ends(box: Box) -> None:
    arn = box.ledger.region(EAST).one("aws:lambda/function:Function").outputs["arn"]
    ended = threading.Event()

    def wait() -> None:
        box.functions.invoke_sync(arn, b'{"do": "wait"}')
        ended.set()

    box.functions.invoke_sync(arn, b"{}")
    thread = threading.Thread(target=wait)
    thread.start()
    box.control.lose(EAST)
    assert ended.wait(10)
    thread.join(5)


def test_what_a_lost_region_acknowledged_waits_and_arrives_after_its_return(box: Box) -> None:
    box.control.pause()
    box.cloud.client("dynamodb").put_item(TableName="two-items", Item={"id": {"S": "late"}})
    box.control.lose(EAST)
    box.control.resume()
    assert box.control.settle()
    (write,) = box.control.pending()
    assert (write["kind"], write["source"], write["target"]) == ("dynamodb", EAST, WEST)
    assert (write["name"], write["key"]) == ("two-items", '{"id": {"S": "late"}}')
    west = box.cloud.client("dynamodb", WEST)
    assert "Item" not in west.get_item(TableName="two-items", Key={"id": {"S": "late"}})
    box.control.recover(EAST)
    assert box.control.settle()
    assert "Item" in west.get_item(TableName="two-items", Key={"id": {"S": "late"}})


def test_a_region_that_returns_answers_on_the_same_address_with_an_empty_cache(box: Box) -> None:
    box.redis(EAST).set("kept", "no")
    box.control.lose(EAST)
    box.control.lose(EAST)
    box.control.recover(EAST)
    assert box.health(EAST) == EAST
    assert box.redis(EAST).get("kept") is None


@pytest.mark.parametrize("command", ["lose", "recover"])
def test_only_regions_of_the_stack_can_be_lost(box: Box, command: str) -> None:
    with pytest.raises(ControlError, match="region 'mars' is not one of this stack; there are: us-east-1, us-west-2"):
        getattr(box.control, command)("mars")


def test_a_part_that_does_not_follow_is_named_and_holds_no_other(box: Box) -> None:
    class Stuck:
        """Cannot be lost."""

        def lose(self, region: str) -> None:
            raise RuntimeError(f"{region} is mine")

        def recover(self, region: str) -> None:
            """Nothing was lost."""

    asked: list[str] = []

    class Later:
        """Is asked after it."""

        def lose(self, region: str) -> None:
            asked.append(f"lose {region}")

        def recover(self, region: str) -> None:
            asked.append(f"recover {region}")

    regions = Regions(box.ledger, box.cloud, box.gateways, box.replication, [Stuck(), object(), Later()])
    with pytest.raises(RuntimeError, match="region us-west-2 is lost, but not wholly: Stuck: us-west-2 is mine"):
        regions.lose(WEST)
    regions.recover(WEST)
    assert asked == ["lose us-west-2", "recover us-west-2"]
    assert box.health(WEST) == WEST


def test_whoever_is_being_answered_reaches_the_services_until_the_answer_is_out(box: Box) -> None:
    seen: list[list[str]] = []

    class Answering(Gateways):
        """The gateways of the box, which finish what they have begun."""

        def __init__(self) -> None:
            self.__dict__ = box.gateways.__dict__

        def lose(self, region: str) -> None:
            seen.append(box.cloud.client("dynamodb", region).list_tables()["TableNames"])
            super().lose(region)

    regions = Regions(box.ledger, box.cloud, Answering(), box.replication, [])
    regions.lose(WEST)
    assert seen == [["two-items"]]
    with pytest.raises(BotoCoreError):
        box.cloud.client("dynamodb", WEST).list_tables()
    regions.recover(WEST)
    assert box.health(WEST) == WEST


def test_the_lag_is_set_while_it_runs_and_checked(box: Box) -> None:
    box.control.lag(5)
    assert box.control.replication()["lag_s"] == 5
    with pytest.raises(ControlError, match="replication lag -1 is not allowed; give seconds from 0 to 86400"):
        box.control.lag(-1)
    box.control.lag(0)
