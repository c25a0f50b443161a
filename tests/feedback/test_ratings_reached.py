"""Whoever wants to be reached leaves a contact, and other systems' services are rated too."""

from typing import Any

import pytest
from sqlalchemy import text

from services.feedback.ratings.events import RatingInvited
from tests.feedback.isolated_service import IsolatedService, new_code, outbox
from tests.feedback.letter_helpers import LetterOffice
from tests.feedback.test_anonymity import places_of
from tests.feedback.visit_helpers import BAD, GOOD, ServedCitizen
from tests.provoking import provokes

CONTACT = {"name": "王女士", "phone": "138 5912 0033"}


def service_of(office: LetterOffice, **fields: Any) -> dict[str, Any]:
    return {
        "external_id": new_code("BJ"),
        "department_code": office.department,
        "item_name": "居住证办理",
        "finished_at": office.isolated.clock.now.isoformat(),
        **fields,
    }


async def report(office: LetterOffice, body: dict[str, Any], *places: str) -> Any:
    return await office.isolated.post("/service-events", "system", *places or ("*",), body=body)


async def detail(served: ServedCitizen, *places: str) -> dict[str, Any]:
    path = f"/ratings/{served.rating_id}"
    answer = await served.isolated.get(path, "officer", *places or (served.department,))
    return dict(answer.raise_for_status().json())


async def test_a_contact_is_for_those_who_put_it_right_and_reading_it_is_logged(
    isolated: IsolatedService,
) -> None:
    served = await ServedCitizen(isolated).invite()
    assert (await served.rate({**BAD, "contact": CONTACT})).status_code == 201
    listed = await isolated.get("/ratings", "officer", served.department)
    [row] = listed.json()["items"]
    assert row["has_contact"] is True
    assert "138" not in listed.text
    assert (await detail(served))["contact"] == CONTACT
    async with isolated.sessions() as session:
        read = await session.execute(
            text("SELECT count(*) FROM audit_log WHERE object = :rating"),
            {"rating": f"rating:{served.rating_id}"},
        )
        assert read.scalar_one() == 1
    another = await isolated.get(f"/ratings/{served.rating_id}", "officer", new_code())
    assert another.status_code == 404


async def test_who_leaves_no_contact_is_not_asked_for_one_and_may_take_it_back(
    isolated: IsolatedService,
) -> None:
    silent = await ServedCitizen(isolated).invite()
    assert (await silent.rate(GOOD)).status_code == 201
    assert (await detail(silent))["contact"] is None
    served = await ServedCitizen(isolated).invite()
    await served.rate({**BAD, "contact": {"phone": "13859120033"}})
    assert (await detail(served))["contact"] == {"name": None, "phone": "13859120033"}
    await served.amend(BAD)
    assert (await detail(served))["contact"] is None


@pytest.mark.parametrize("phone", ["not a number", "13859120033" * 4])
async def test_a_contact_that_reaches_nobody_is_refused(
    isolated: IsolatedService, phone: str
) -> None:
    served = await ServedCitizen(isolated).invite()
    assert (await served.rate({**BAD, "contact": {"phone": phone}})).status_code == 422


async def test_a_contact_stands_nowhere_in_the_clear(
    office: LetterOffice, capfd: pytest.CaptureFixture[str]
) -> None:
    served = await ServedCitizen(office.isolated).invite()
    canary = {"name": "欧阳金丝雀", "phone": "13912345099"}
    await served.rate({**BAD, "contact": canary})
    await detail(served)
    for value in canary.values():
        assert await places_of(office, value) == set()
        assert value not in "".join(capfd.readouterr())


async def test_a_service_of_another_system_is_rated_like_one_at_a_window(
    office: LetterOffice,
) -> None:
    body = service_of(office)
    reported = await report(office, body)
    assert reported.status_code == 201, reported.text
    receipt = reported.json()
    again = await report(office, body)
    assert again.json() == receipt
    async with office.isolated.sessions() as session:
        [invited] = await outbox(session, RatingInvited, office.department)
    assert (invited["case_id"], invited["hall_code"]) == (receipt["case_id"], "_")
    asked = await office.isolated.post(
        "/ratings/invitations",
        body={"case_id": receipt["case_id"], "rating_key": receipt["rating_key"]},
    )
    assert asked.json()["token"] == receipt["token"]
    assert asked.json()["item_name"] == "居住证办理"
    rated = await office.isolated.post("/ratings", body={"token": receipt["token"], **BAD})
    assert rated.status_code == 201, rated.text
    listed = await office.isolated.get("/ratings", "officer", office.department)
    assert [one["case_id"] for one in listed.json()["items"]] == [receipt["case_id"]]
    assert (await report(office, body)).json()["state"] == "rated"


async def test_the_same_id_in_two_systems_is_two_services(office: LetterOffice) -> None:
    body = service_of(office)
    one, two = [
        await office.isolated.post("/service-events", "system", "*", sub=sub, body=body)
        for sub in ("system-a", "system-b")
    ]
    assert one.json()["case_id"] != two.json()["case_id"]


@provokes("report_service", "forbidden")
async def test_a_system_reports_what_its_own_departments_delivered_in_the_past(
    office: LetterOffice,
) -> None:
    body = service_of(office)
    assert (await report(office, body, new_code())).status_code == 403
    assert (await office.isolated.post("/service-events", "officer", body=body)).status_code == 403
    nowhere = await report(office, service_of(office, department_code=new_code()))
    assert nowhere.status_code == 422
    later = (office.isolated.clock.now.replace(year=2027)).isoformat()
    assert (await report(office, service_of(office, finished_at=later))).status_code == 422
