"""Many items and guides at once: looked at first, then all of them or none."""

import asyncio
from datetime import timedelta
from typing import Any

from shared import clock
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_guides import GUIDE, TERMS

CONTENT = {name: value for name, value in GUIDE.items() if name != "version"}


def entry(code: str, guide: bool = True, **change: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"code": code, "item": {**TERMS, **change}}
    return {**found, "guide": CONTENT} if guide else found


async def send(office: Office, *entries: Any, dry_run: bool = False, who: str = "T01") -> Any:
    return await office.client.post(
        f"/api/v1/items:import?dry_run={dry_run}".lower(),
        json={"items": list(entries)},
        headers=office.sign("officer", who),
    )


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(office: Office) -> None:
    new, bad = f"NEW-{office.code}", f"BAD-{office.code}"
    entries = [entry(new), entry(bad, visits_reason=""), entry(office.items[0], guide=False)]

    report = good(await send(office, *entries, dry_run=True))

    assert [(one["item"], one["guide"]) for one in report["items"]] == [
        ("new", "published"),
        ("new", "published"),
        ("changed", "none"),
    ]
    assert (report["new_count"], report["changed_count"], report["error_count"]) == (2, 1, 1)
    [error] = report["items"][1]["errors"]
    assert error["pointer"] == "/body/items/1/item/visits_reason"
    assert any(one["pointer"] == "/guide/basis" for one in report["items"][0]["findings"])
    problem(await office.get(f"items/{new}"), 404, "not-found")


async def test_one_error_and_nothing_is_written(office: Office) -> None:
    new = f"NEW-{office.code}"

    refused = problem(
        await send(office, entry(new), entry(f"BAD-{office.code}", visits_reason="")),
        422,
        "invalid-request",
    )

    assert refused["errors"][0]["pointer"] == "/body/items/1/item/visits_reason"
    problem(await office.get(f"items/{new}"), 404, "not-found")


async def test_what_has_changed_is_the_next_version_and_what_has_not_stays(
    office: Office,
) -> None:
    new, other = f"NEW-{office.code}", f"OTHER-{office.code}"
    good(await send(office, entry(new), entry(other)))

    again = good(await send(office, entry(new, standard_minutes=35), entry(other)))

    assert [(one["item"], one["guide"]) for one in again["items"]] == [
        ("changed", "unchanged"),
        ("unchanged", "unchanged"),
    ]
    changed = good(await office.get(f"items/{new}"))
    assert (changed["version"], changed["standard_minutes"], changed["guide_version"]) == (2, 35, 1)
    assert good(await office.get(f"items/{other}"))["version"] == 1


async def test_a_guide_of_a_later_day_waits_for_it(office: Office) -> None:
    new = f"NEW-{office.code}"
    later = clock.today(office.clock()) + timedelta(days=5)

    report = good(await send(office, entry(new) | {"valid_from": f"{later}"}))

    assert report["items"][0]["guide"] == "waiting"
    assert good(await office.get(f"items/{new}"))["guide_version"] == 0
    listed = good(await office.get(f"items/{new}/guides"))["items"]
    assert [(one["version"], one["in_force"]) for one in listed] == [(1, False)]


async def test_items_of_another_department_and_twice_the_same_are_errors(office: Office) -> None:
    new = f"NEW-{office.code}"

    report = good(await send(office, entry(new), entry(new), dry_run=True, who="T02"))
    old = entry(office.items[0], guide=False) | {"valid_from": "2020-01-01"}
    past = good(await send(office, old, dry_run=True))

    said = [[error["pointer"] for error in one["errors"]] for one in report["items"]]
    assert said == [
        ["/body/items/0/item/department_code"],
        ["/body/items/1/code", "/body/items/1/item/department_code"],
    ]
    assert past["items"][0]["errors"][0]["pointer"] == "/body/items/0/valid_from"


async def test_the_same_import_twice_at_once_is_one(office: Office) -> None:
    codes = [f"N{n}-{office.code}" for n in range(5)]
    entries = [entry(code) for code in codes]

    answers = await asyncio.gather(*(send(office, *entries) for _ in range(3)))

    reports = [good(answer) for answer in answers]
    assert sorted(report["new_count"] for report in reports) == [0, 0, 5]
    items = [good(await office.get(f"items/{code}")) for code in codes]
    assert {(item["version"], item["guide_version"]) for item in items} == {(1, 1)}


async def test_slots_follow_the_days_of_imported_items(office: Office) -> None:
    """An item that ends by an import cannot be booked after its last day."""
    ends = entry(office.items[0], guide=False, valid_to="2021-01-01")

    good(await send(office, ends))

    found = good(await office.get(f"items?hall={office.code}"))["items"]
    assert [item["code"] for item in found] == [office.items[1]]
