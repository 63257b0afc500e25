"""What all journeys together show of rights; these two come last."""

from __future__ import annotations

import pytest

from sandbox.rights.unused import problems, reasons, unused
from tests.journeys.support.deployed import Deployed
from tests.journeys.support.rights import WHOLE, refused, told


def test_no_role_was_refused_what_its_part_does(main: Deployed, spare: Deployed) -> None:
    found = refused([told(main), told(spare)])
    assert found == [], "\n".join(found)


def test_rights_that_no_journey_used_are_listed_with_a_reason(
    main: Deployed, spare: Deployed, request: pytest.FixtureRequest
) -> None:
    if not request.config.stash[WHOLE]:
        pytest.skip("a part of the journeys uses a part of the rights; run all of tests/journeys")
    found = problems(unused([told(main), told(spare)]), reasons())
    assert found == [], "\n".join(found)
