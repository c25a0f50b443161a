"""The same closure again is refused by the name of the first: lifting one would open nothing."""

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_closures import MORNING, close, lift, put
from tests.provoking import provokes


@provokes("close_hall", "closure-exists")
@provokes("change_closure", "closure-exists")
async def test_what_is_closed_already_is_not_closed_again(office: Office) -> None:
    made = await close(office)
    url, body = "/api/v1/closures", {"hall_code": office.code, **MORNING}
    shifted = {"starts_at": "2026-11-24T01:00:00Z", "reason": "检修"}  # the same moment
    for again in ({}, {"dry_run": True}, shifted):
        answer = await office.client.post(url, json=body | again, headers=office.manager())
        assert problem(answer, 409, "closure-exists")["closure_id"] == made["id"]

    part = await close(office, window=1)
    longer = await close(office, ends_at="2026-11-24T12:30:00+08:00")
    refused = problem(await put(office, longer, ends_at=MORNING["ends_at"]), 409, "closure-exists")
    assert refused["closure_id"] == made["id"]
    problem(await put(office, part, window=None), 409, "closure-exists")
    good(await put(office, made, reason="换个说法"))
    good(await lift(office, made))
    good(await put(office, longer, ends_at=MORNING["ends_at"]))
