"""What a schedule shows to people and to who changes it: horizon, overlaps, the last of a month."""

from datetime import datetime, timedelta

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_schedules import apply, change, propose


async def test_people_see_until_when_they_can_book_and_when_the_next_day_opens(
    office: Office,
) -> None:
    await apply(office, change(office, {"release_at": "08:00"}))

    [rule] = good(await office.get("schedules", params={"hall": office.code}))["items"]

    assert rule["bookable_until"] == "2026-11-26"
    assert rule["next_sale"]["on_date"] == "2026-11-27"
    opens_at = datetime.fromisoformat(rule["next_sale"]["opens_at"])
    assert opens_at == NINE + timedelta(hours=23)
    assert rule["slots_until"] > rule["next_sale"]["on_date"]


async def test_rules_that_overlap_are_named_and_may_stay(office: Office) -> None:
    await apply(office, change(office, {}))
    second = {"code": "BUSY", "starts": "11:00", "ends": "12:00", "slot_minutes": 60}
    other = {"code": "OTHER", "item_codes": office.items[1:], "starts": "11:30", "ends": "12:00"}

    seen = good(
        await propose(office, change(office, {**second, "item_codes": office.items[:1]}, other))
    )

    named = [(one["rule_code"], one["other_rule_code"]) for one in seen["overlaps"]]
    assert named == [("BUSY", "WEEK")]
    [one] = seen["overlaps"]
    assert one["item_codes"] == office.items[:1]
    assert datetime.fromisoformat(one["first_at"]) == NINE + timedelta(hours=2)
    assert one["count"] == seen["added_count"] // 2


async def test_the_last_such_day_of_a_month_and_no_week_zero(office: Office) -> None:
    seen = good(await propose(office, change(office, {"nth_week": -1, "weekdays": [1]})))
    assert {one["starts_at"][:10] for one in seen["added"]} == {"2026-11-30"}
    answer = await propose(office, change(office, {"nth_week": 0}))
    problem(answer, 422, "invalid-request")
