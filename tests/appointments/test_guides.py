"""Items and their guides: consistent, versioned, and fit to be printed."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.appointments.guides import rules
from services.appointments.guides.schemas import ItemTerms
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TERMS: dict[str, Any] = {
    "name": "测试事项",
    "group": "测试",
    "department_code": "T01",
    "subject_kinds": ["person"],
    "standard_minutes": 20,
    "visits_needed": 1,
    "visits_reason": "核对原件",
    "valid_from": "2020-01-01",
}
GUIDE: dict[str, Any] = {
    "summary": "如何办理<b>测试</b>",
    "conditions": ["本人到场"],
    "materials": [{"name": "身份证", "name_en": "Identity card"}],
    "steps": [{"name": "取号"}, {"name": "办理"}],
    "version": 1,
}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"case_kind": "promised"}, ["promised_limit"]),
        (
            {"case_kind": "promised", "promised_limit": 0, "promised_limit_unit": "days"},
            ["promised_limit"],
        ),
        ({"case_kind": "promised", "promised_limit": 3, "promised_limit_unit": "workdays"}, []),
        ({"visits_reason": "  "}, ["visits_reason"]),
        ({"online_depth": "iv"}, ["visits_needed"]),
        ({"visits_needed": 0}, ["by_post"]),
        ({"visits_needed": 0, "by_post": True}, []),
        ({"visits_needed": 0, "online_depth": "iv"}, []),
        ({"legal_limit": 20}, ["legal_limit_unit"]),
        (
            {
                "legal_limit": 5,
                "legal_limit_unit": "workdays",
                "promised_limit": 6,
                "promised_limit_unit": "workdays",
            },
            ["promised_limit"],
        ),
        ({"valid_to": "2019-12-31"}, ["valid_to"]),
    ],
)
def test_item_data_must_not_contradict_themselves(
    change: dict[str, Any], fields: list[str]
) -> None:
    found = rules.inconsistencies(ItemTerms(**{**TERMS, **change}))

    assert [name for name, _ in found] == fields


async def put_item(office: Office, code: str, **change: Any) -> Any:
    headers = office.sign("officer", "T01")
    body = {**TERMS, **change}
    return await office.client.put(f"/api/v1/items/{code}", json=body, headers=headers)


async def put_guide(office: Office, **change: Any) -> Any:
    headers = office.sign("officer", "T01")
    url = f"/api/v1/items/{office.items[0]}/guide"
    return await office.client.put(url, json={**GUIDE, **change}, headers=headers)


@provokes("put_item", "state-conflict")
async def test_an_item_is_added_changed_and_listed(office: Office) -> None:
    code = f"NEW-{office.code}"
    added = good(await put_item(office, code))
    changed = good(await put_item(office, code, standard_minutes=35, version=1))
    late = problem(await put_item(office, code, version=1), 409, "state-conflict")

    assert (added["version"], changed["version"], late["version"]) == (1, 2, 2)
    assert good(await office.get(f"items/{code}"))["standard_minutes"] == 35
    listed = good(await office.get(f"items?q={code}"))["items"]
    assert [item["code"] for item in listed] == [code]


async def test_of_two_who_change_an_item_at_once_one_is_told_how_it_stands(
    office: Office,
) -> None:
    code = f"NEW-{office.code}"
    good(await put_item(office, code))

    answers = await asyncio.gather(
        *(put_item(office, code, standard_minutes=minutes, version=1) for minutes in (35, 45))
    )

    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    [lost] = [answer for answer in answers if answer.status_code != 200]
    refused = problem(lost, 409, "state-conflict")
    assert (refused["state"], refused["version"]) == ("present", 2)
    now = good(await office.get(f"items/{code}"))
    assert (now["standard_minutes"], now["version"]) == (won["standard_minutes"], 2)


async def test_items_of_a_hall_are_those_that_it_offers_and_that_are_valid(office: Office) -> None:
    await office.owner.execute(
        "UPDATE item SET valid_to = $2 WHERE code = $1", office.items[1], date(2021, 1, 1)
    )

    now = good(await office.get(f"items?hall={office.code}"))["items"]
    ever = good(await office.get(f"items?hall={office.code}&all_times=true"))["items"]

    assert [item["code"] for item in now] == office.items[:1]
    assert [item["code"] for item in ever] == office.items


async def test_an_item_that_is_no_longer_valid_cannot_be_booked(office: Office) -> None:
    slot = await office.slot(NINE.replace(hour=5))
    await office.owner.execute(
        "UPDATE item SET valid_to = $2 WHERE code = $1", office.items[0], date(2021, 1, 1)
    )

    refused = problem(await office.ask(slot), 422, "invalid-request")

    assert refused["errors"][0]["pointer"] == "/body/item_code"


async def test_contradictions_are_refused_with_their_field(office: Office) -> None:
    answer = await put_item(office, f"NEW-{office.code}", visits_reason="")

    errors = problem(answer, 422, "invalid-request")["errors"]
    assert errors[0]["pointer"] == "/body/visits_reason"


async def test_another_departments_officer_finds_no_item(office: Office) -> None:
    headers = office.sign("officer", "T02")
    url = f"/api/v1/items/{office.items[0]}/guide"

    problem(await office.client.put(url, json=GUIDE, headers=headers), 404, "not-found")


@provokes("put_guide", "state-conflict")
async def test_each_guide_is_the_next_version_and_old_ones_stay(office: Office) -> None:
    url = f"items/{office.items[0]}/guide"
    first = good(await put_guide(office))
    second = good(await put_guide(office, version=2, summary="新版"))
    late = problem(await put_guide(office, version=2), 409, "state-conflict")

    assert (first["version"], second["version"], late["version"]) == (2, 3, 3)
    assert good(await office.get(url))["content"]["summary"] == "新版"
    assert good(await office.get(f"{url}?version=2"))["content"]["summary"] == GUIDE["summary"]
    problem(await office.get(f"{url}?version=9"), 404, "not-found")


async def test_a_guide_prints_as_a_page_that_runs_nothing(office: Office) -> None:
    good(await put_guide(office))
    url = f"items/{office.items[0]}/guide"

    by_format = await office.get(f"{url}?format=html")
    by_accept = await office.get(url, headers={"Accept": "text/html,application/xhtml+xml"})

    assert by_format.headers["content-type"] == "text/html; charset=utf-8"
    assert by_format.text == by_accept.text
    assert "如何办理&lt;b&gt;测试&lt;/b&gt;" in by_format.text
    assert "Identity card" in by_format.text
    assert "<script" not in by_format.text


async def test_a_guide_without_steps_is_refused(office: Office) -> None:
    answer = await put_guide(office, steps=[])

    errors = problem(answer, 422, "invalid-request")["errors"]
    assert errors[0]["pointer"] == "/body/steps"


ELEMENTS: dict[str, Any] = {
    "business_code": "11320000MB0000000X2000101001",
    "authority_name": "测试局",
    "authority_code": "11320000MB0000000X",
    "authority_kind": "delegated",
    "delegated_by": "上级局",
    "exercise_levels": ["city", "county"],
    "legal_limit_note": "自受理之日起",
    "special_procedures": ["extension"],
    "joint_agencies": ["税务局"],
    "intermediary_services": ["公证"],
    "quantity_limit": "不限",
    "handling_forms": ["window", "post"],
    "online_payment": False,
    "service_scope": "province",
    "result_kind": "certificate",
    "result_sample": "https://example.org/sample.pdf",
    "topics": ["户籍"],
}


async def test_an_item_keeps_every_element_of_the_national_list(office: Office) -> None:
    code = f"NEW-{office.code}"

    added = good(await put_item(office, code, **ELEMENTS))
    read = good(await office.get(f"items/{code}"))
    bare = good(await put_item(office, code, version=1))

    assert {name: read[name] for name in ELEMENTS} == ELEMENTS
    assert added == read
    assert (bare["authority_name"], bare["exercise_levels"]) == (None, [])
    refused = problem(
        await put_item(office, code, result_sample="javascript:alert(1)"), 422, "invalid-request"
    )
    assert refused["errors"][0]["pointer"] == "/body/result_sample"


async def test_the_printed_guide_says_where_when_and_whom_to_call(office: Office) -> None:
    good(await put_guide(office))
    await office.owner.execute(
        "UPDATE hall SET phone = '025-11112222', opening_hours ="
        """ '[{"weekdays": [1, 2, 3, 4, 5], "opens": "09:00:00", "closes": "17:00:00"}]'"""
        " WHERE code = $1",
        office.code,
    )
    url = f"items/{office.items[0]}/guide"

    page = (await office.get(f"{url}?format=html&hall={office.code}")).text
    [hall] = good(await office.get(url))["halls"]

    for line in ("测试路 1 号", "周一至周五 09:00–17:00", "025-11112222", "size:A4"):
        assert line in page
    assert (hall["hall_code"], hall["phone"]) == (office.code, "025-11112222")
    elsewhere = problem(await office.get(f"{url}?hall=H-ELSE"), 404, "not-found")
    assert elsewhere["errors"][0]["pointer"] == "/query/hall"


async def test_staff_are_shown_what_items_and_guides_lack(office: Office) -> None:
    good(await put_guide(office))
    url = f"/api/v1/guide-findings?item={office.items[0]}"

    [found] = good(await office.client.get(url, headers=office.sign("auditor", "*")))["items"]

    said = {(one["kind"], one["pointer"]) for one in found["findings"]}
    assert ("missing", "/guide/materials/0/source") in said
    assert ("missing", "/item/authority_name") in said
    assert found["guide_version"] == 2
    problem(await office.client.get(url, headers=office.citizen()), 403, "forbidden")
