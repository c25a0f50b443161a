"""A date that comes in a body is of a time around which days can be added and zones told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import AwareDatetime, Field, ValidationError

from shared.clock import SHANGHAI
from shared.errors import Text
from shared.web.models import Input, Prose
from shared.web.validation_messages import message_for


class Plan(Prose):
    at: AwareDatetime | None = None
    on: date | None = Field(None, le=date(2500, 1, 1))
    days: list[date] = []


class Outer(Input):
    plan: Plan


@pytest.mark.parametrize(
    "plan",
    [
        {"at": "9999-12-31T23:59:59Z"},
        {"at": "9999-12-31T23:59:59-12:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "3000-01-01T00:00:00+08:00"},
        {"on": "0001-01-01"},
        {"days": ["2026-11-24", "9999-12-31"]},
    ],
)
def test_the_ends_of_the_calendar_are_refused_in_words(plan: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate({"plan": plan})

    [error] = refused.value.errors()
    assert message_for(error) == Text(
        "日期应在 1900 年至 2999 年之间", "Dates lie between the years 1900 and 2999"
    )


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00"])
def test_around_the_others_one_can_reckon(at: str) -> None:
    known = Outer.model_validate({"plan": {"at": at}}).plan.at

    assert known == datetime.fromisoformat(at)
    for zone in (UTC, SHANGHAI):
        for days in (-36_500, 36_500):
            then = known + timedelta(days=days)
            assert then.astimezone(zone) == then


def test_a_field_has_its_own_bounds_besides() -> None:
    with pytest.raises(ValidationError):
        Plan(on=date(2501, 1, 1))
    assert Plan(on=date(2500, 1, 1)).on
