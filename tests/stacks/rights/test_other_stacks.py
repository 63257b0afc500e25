"""What the journeys prove of dev's roles holds in every region of every stack; what others have more has a reason."""

from __future__ import annotations

from functools import cache

import pytest

from sandbox.rights import Access
from sandbox.rights.calls.written import Right
from sandbox.rights.unused import ELSEWHERE, Granted, Reason, reasons
from tests.stacks.rights.probes import accesses
from tests.stacks.rights.region import REGIONS, Region

DEV, *OTHERS = REGIONS

Missing = tuple[str, str]
"""Role and statement of dev that another region does not have."""

ONLY_DEV: dict[Missing, str] = {
    ("api-metrics-role", "ReadFigures"): "dev alone has an address for Prometheus to read",
}
ONLY_FIRST: dict[Missing, str] = {
    ("budget-action-role", "StopAndLetGo"): "one role of the account stops the trainings of both regions",
    **{
        ("rotation-callbacks-function-role", statement): "the secret is replicated, and the first region rotates it"
        for statement in (
            *("DecryptEnvironment", "EncryptLostEvents", "KeepLostEvents", "RotateSecret", "SendTraces"),
            *("UseSecretKey", "WriteOwnLog"),
        )
    },
    **{
        ("training-jobs", statement): "subnets are named by their zones, and zones by their regions"
        for statement in ("HandOverInterfaces", "PlaceInNetwork")
    },
}


def expected(region: Region) -> set[Missing]:
    """What dev has and a region is meant not to have."""
    return {*ONLY_DEV, *(ONLY_FIRST if region.second else ())}


@cache
def probes(region: Region) -> tuple[tuple[str, str, Access], ...]:
    """Role, statement and one access for each action and resource that a region's roles are granted."""
    return tuple(
        (role, statement.sid, access) for role, statement in region.allowed() for access in accesses(role, statement)
    )


@pytest.mark.parametrize("region", REGIONS, ids=str)
def test_every_right_of_a_role_passes_all_policies_of_its_region(region: Region) -> None:
    """Keys, buckets and endpoints of the network agree with what roles are granted: no right is void."""
    found = [(role, sid, region.decide(access)) for role, sid, access in probes(region)]
    assert len(found) > 500
    assert [f"{role} {sid}: {said.text}" for role, sid, said in found if not said.allowed] == []


@pytest.mark.parametrize("region", OTHERS, ids=str)
def test_a_role_lacks_nothing_that_dev_s_role_has(region: Region) -> None:
    refused = {
        (role, sid): said.text for role, sid, access in probes(DEV) if not (said := region.decide(access)).allowed
    }
    assert {name: text for name, text in refused.items() if name not in expected(region)} == {}
    assert set(refused) == expected(region), "what is expected to be missing is there: take the line away"


@cache
def more(region: Region) -> list[Granted]:
    """The rights of a region's roles that dev's roles do not have, as its policies write them."""
    found = {}
    for role, statement in region.allowed():
        for access in accesses(role, statement):
            if not DEV.decide(access).allowed:
                right = Right("", statement.sid, access.action, access.resources[0])
                found[role, right] = Granted(role, right)
    return list(found.values())


@pytest.mark.parametrize("region", OTHERS, ids=str)
def test_what_a_role_has_more_than_dev_s_has_a_reason(region: Region) -> None:
    listed = reasons(ELSEWHERE)
    assert [str(one) for one in more(region) if not any(reason.fits(one) for reason in listed)] == []


def test_every_reason_is_one_for_a_right() -> None:
    rights = [one for region in OTHERS for one in more(region)]
    stale: list[Reason] = [reason for reason in reasons(ELSEWHERE) if not any(reason.fits(one) for one in rights)]
    assert [str(reason) for reason in stale] == []


def test_the_regions_of_prod_are_told_apart() -> None:
    """A role of the second region that was granted the first one's table or key would be refused its own."""
    first, second = (
        {(role, sid) for role, sid, access in probes(region) if "there-" in access.resources[0]}
        for region in (REGIONS[2], REGIONS[3])
    )
    crossing = {"budget-action-role", "follower-role", "replication-role"}
    assert {role for role, _ in first | second} <= crossing
