"""A look at somebody's pre-checks or promises costs the same, however many there are of others."""

from typing import Any
from uuid import uuid4

import pytest

from services.appointments.deferrals import queries as deferrals
from services.appointments.pre_checks import queries
from tests.appointments.offices import Office
from tests.plans import Planned

EVERYTHING: dict[str, Any] = {"owner": None, "hall": None, "state": None, "after": None}


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"owner": "somebody"}, "ix_pre_check_owner"),
        ({"places": ["H1"], "hall": "H1"}, "ix_pre_check_hall"),
        ({"places": ["H1"], "appointment": uuid4()}, "ix_pre_check_appointment"),
        ({"places": ["H1"], "ticket": uuid4()}, "ix_pre_check_owner"),
        ({"places": ["H1"], "ticket": uuid4()}, "ix_pre_check_appointment"),
    ],
)
async def test_pre_checks_are_found_by_what_is_asked(
    office: Office, asked: dict[str, Any], index: str
) -> None:
    planned = Planned(office.owner)
    nothing = {**EVERYTHING, "places": None, "appointment": None, "ticket": None}
    await queries.listed(planned.direct, **{**nothing, **asked}, limit=51)
    assert index in dict(planned.conditions())


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"owner": "somebody"}, "ix_deferral_owner"),
        ({"halls": ["H1"], "hall": "H1", "state": "promised"}, "ix_deferral_hall"),
    ],
)
async def test_promises_are_found_by_what_is_asked(
    office: Office, asked: dict[str, Any], index: str
) -> None:
    planned = Planned(office.owner)
    await deferrals.listed(planned.direct, **{**EVERYTHING, "halls": None, **asked}, limit=51)
    assert index in dict(planned.conditions())
