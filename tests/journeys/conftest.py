"""Two sandboxes for all journeys: `main` trained its first model, `spare` is the one to break and to redeploy."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.journeys.support.caller import Caller, demo, signed_up
from tests.journeys.support.data_sets import BAD, clean, noisy, wine
from tests.journeys.support.deployed import ROOT, Deployed, Place, Uploads
from tests.journeys.support.rights import LAST, WHOLE, whole


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What adds up rights looks at all that the other journeys did, so it comes after them."""
    items.sort(key=lambda item: item.path.name == LAST)
    chosen = bool(config.getoption("keyword") or config.getoption("markexpr"))
    config.stash[WHOLE] = not chosen and whole({item.path for item in items})


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[tuple[Deployed, Deployed]]:
    if not (ROOT / "dist" / "manifest.json").is_file():
        subprocess.run([sys.executable, "-m", "artifacts"], cwd=ROOT, check=True)
    places = Place(), Place()
    try:
        running = places[0].start(places[0].up("--detach")), places[1].start(places[1].up("--detach", "--no-train"))
        for process in running:
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, out + err
        yield Deployed.of(places[0]), Deployed.of(places[1])
        ending = [place.start(place.command("down")) for place in places]
        for process in ending:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, out + err
        for place in places:
            place.gone()
    finally:
        for place in places:
            if place.path.exists():
                place.run(place.command("down"))
                shutil.rmtree(place.path, ignore_errors=True)


@pytest.fixture(scope="session")
def uploads(sandboxes: tuple[Deployed, Deployed]) -> Uploads:
    main, spare = sandboxes
    topics = [row["TopicArn"] for row in main.client("sns").list_topics()["Topics"]]
    queue = main.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
    attributes = main.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    topic = next(arn for arn in topics if arn.endswith(":mlplatform-dev-training"))
    main.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return Uploads(
        noisy=spare.upload("noisy.csv", noisy()),
        clean=spare.upload("clean.csv", clean()),
        wine=main.upload("wine.csv", wine()),
        bad={name: main.upload(f"{name}.csv", content) for name, (content, _) in BAD.items()},
        notifications=queue,
    )


@pytest.fixture(scope="session")
def main(sandboxes: tuple[Deployed, Deployed], uploads: Uploads) -> Deployed:
    return sandboxes[0]


@pytest.fixture(scope="session")
def spare(sandboxes: tuple[Deployed, Deployed], uploads: Uploads) -> Deployed:
    return sandboxes[1]


@pytest.fixture(scope="session")
def user(main: Deployed) -> Caller:
    """The demo user of the main sandbox."""
    return demo(main)


@pytest.fixture(scope="session")
def stranger(main: Deployed) -> Caller:
    """A user of the main sandbox who is in no group."""
    return signed_up(main)


@pytest.fixture
def fresh() -> float:
    """A value that no other test has asked about."""
    return round(random.SystemRandom().uniform(10, 20), 9)
