"""A spent budget: people hear of each threshold, trainings end with the last, predictions go on; all can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control import Control, ControlError
from tests.journeys.support.caller import Caller, demo
from tests.journeys.support.data_sets import lines
from tests.journeys.support.deployed import Deployed, eventually, row_of
from tests.journeys.support.listening import Listener
from tests.journeys.support.rights import EXPECTED

pytestmark = pytest.mark.journey
LIMIT_USD = 500.0


@pytest.fixture
def control(spare: Deployed) -> Iterator[Control]:
    found = Control(spare.place.home)
    found.call("spend", usd=0)
    yield found
    found.call("spend", usd=0)


def stopped(deployed: Deployed) -> set[str]:
    """Roles that the budget's action has put its policy on."""
    client = deployed.client("iam")
    rows = client.list_policies(Scope="Local")["Policies"]
    (policy,) = [row["Arn"] for row in rows if row["PolicyName"].startswith("budget-stop")]
    found = client.list_entities_for_policy(PolicyArn=policy, EntityFilter="Role")["PolicyRoles"]
    return {row["RoleName"] for row in found}


def unreadable(row: int) -> bytes:
    """A file that begins well, so that a job looks at it, and does not make a model."""
    found = lines()
    return "\n".join([*found[:row], f"wide,{found[row].split(',', 1)[1]}", *found[row + 1 :]]).encode()


def ended(deployed: Deployed, key: str) -> dict[str, Any]:
    """The execution about a file, once it has come to its end."""

    def found() -> dict[str, Any]:
        rows = deployed.executions(key)
        return rows[0] if rows and rows[0]["status"] != "RUNNING" else {}

    return eventually(found, 60, f"the training on {key} comes to an end")


def test_a_spent_budget_ends_trainings_and_spares_predictions(spare: Deployed, control: Control, fresh: float) -> None:
    caller: Caller = demo(spare)
    topic = next(
        row["TopicArn"] for row in spare.client("sns").list_topics()["Topics"] if row["TopicArn"].endswith("-costs")
    )
    with Listener(spare, topic) as heard:
        for usd, percent in ((LIMIT_USD * 0.51, 50), (LIMIT_USD * 0.81, 80), (LIMIT_USD * 1.01, 100)):
            assert stopped(spare) == set()
            control.call("spend", usd=usd)
            told = eventually(lambda: heard.messages()[-2:], 5, "people hear of it")
            assert any(f"above {percent} % spent of 500.00 USD" in text for text in told), told
            assert all("docs/runbooks/budget-spent.md" in text for text in told)
    roles = stopped(spare)
    assert len(roles) == 2, roles
    EXPECTED.add(("training-role", "sagemaker:CreateProcessingJob"))
    refused = ended(spare, spare.upload("too-dear.csv", unreadable(50)))
    assert refused["status"] == "FAILED"
    assert "is not authorized to perform: sagemaker:CreateProcessingJob" in refused["cause"]
    assert "explicit deny" in refused["cause"]
    assert caller.predict(row_of(mean_texture=fresh)).status == 200
    assert caller.call("GET", "/health/ready").status == 200

    client, account = spare.client("budgets"), "123456789012"
    named = {"AccountId": account, "BudgetName": "mlplatform-dev-month"}
    (action,) = client.describe_budget_actions_for_budget(**named)["Actions"]
    assert action["Status"] == "EXECUTION_SUCCESS"
    assert set(action["Definition"]["IamActionDefinition"]["Roles"]) == roles
    client.execute_budget_action(**named, ActionId=action["ActionId"], ExecutionType="REVERSE_BUDGET_ACTION")
    assert stopped(spare) == set()
    begun = ended(spare, spare.upload("affordable.csv", unreadable(60)))
    assert "row 61" in begun["cause"], "the job looked at the data, as it may again"


def test_costs_that_no_month_has_are_refused(control: Control) -> None:
    with pytest.raises(ControlError, match=r"usd is -5; allowed: USD from 0 on, such as usd=250"):
        control.call("spend", usd=-5)
