"""What units owe for each period is owed once, however units merge and whenever it is recorded."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from services.projects.catalogue import service as catalogue
from services.projects.packs import rules
from services.projects.packs.models import PackUse
from shared.clock import SHANGHAI
from tests.projects import make
from tests.projects.packs_city import THEN, City

MERGED_ON = date(2026, 3, 16)
QUARTERS = ["2026年第1季度", "2026年第2季度", "2026年第3季度"]


def use(*items: str, since: str = "2026-01-01", until: str | None = None, **others: Any) -> PackUse:
    return PackUse(
        pack_code="p",
        unit_code="U",
        item_codes=list(items),
        valid_from=date.fromisoformat(since),
        valid_to=None if until is None else date.fromisoformat(until),
        changed_at=THEN.astimezone(SHANGHAI),
        changed_by="test",
        **others,
    )


BEGINS = MERGED_ON.isoformat()


@pytest.mark.parametrize(
    ("old", "into", "taken"),
    [
        # The other one has not switched it on.
        (use("X"), None, [("X", BEGINS, None)]),
        # It owes one of them by itself, and takes the other.
        (use("X", "Y"), use("X"), [("Y", BEGINS, None)]),
        # Its own ended in February, or ends before the old one's.
        (use("X"), use("X", until="2026-02-28"), [("X", BEGINS, None)]),
        (use("X", until="2026-12-31"), use("X", until="2026-06-30"), [("X", BEGINS, "2026-12-31")]),
        (use("X", until="2026-06-30"), use("X"), []),
        # Its own begins later: what ends between is taken over.
        (use("X"), use("X", since="2027-01-01"), [("X", BEGINS, None)]),
        # What ended before the merger is nobody's afterwards; what begins later begins then.
        (use("X", until="2026-03-15"), None, []),
        (use("X", since="2026-07-01"), None, [("X", "2026-07-01", None)]),
        # What the old one took over goes on.
        (
            use(taken_over=[{"item_code": "X", "valid_from": "2026-02-01", "valid_to": None}]),
            use("Y"),
            [("X", BEGINS, None)],
        ),
        # What the other one took over before is not taken twice.
        (
            use("X"),
            use(taken_over=[{"item_code": "X", "valid_from": "2026-02-01", "valid_to": None}]),
            [],
        ),
    ],
)
def test_what_of_a_pack_goes_to_the_other_unit(
    old: PackUse, into: PackUse | None, taken: list[tuple[str, str, str | None]]
) -> None:
    found = rules.handed_over(old, into, MERGED_ON)
    assert [(row["item_code"], row["valid_from"], row["valid_to"]) for row in found] == taken


def test_what_was_taken_over_ends_with_the_pack() -> None:
    rows: list[dict[str, Any]] = [
        {"item_code": "X", "valid_from": "2026-02-01", "valid_to": None},
        {"item_code": "Y", "valid_from": "2026-02-01", "valid_to": "2026-03-31"},
        {"item_code": "Z", "valid_from": "2026-08-01", "valid_to": None},
    ]
    assert rules.until(rows, None) == rows
    ended = [(row["item_code"], row["valid_to"]) for row in rules.until(rows, date(2026, 6, 30))]
    assert ended == [("X", "2026-06-30"), ("Y", "2026-03-31")]


@pytest.mark.parametrize("steps", list(permutations(("make", "merge", "make"), 3))[:3])
@pytest.mark.parametrize("is_on", [True, False], ids=["switched on there too", "there alone"])
async def test_each_period_is_owed_once_whether_it_was_made_before_the_merger_or_after(
    city: City, steps: tuple[str, ...], is_on: bool
) -> None:
    await city.adopted()
    old, into = await make.unit(city.rows), await make.unit(city.rows)
    await city.switch_on(old, valid_from="2025-10-01")
    if is_on:
        await city.switch_on(into, valid_to="2026-02-28")
    for step in steps:
        if step == "make":
            await city.make_due()
        else:
            await city.merge(old, into, BEGINS)
    await city.make_due()
    # Of before the merger the old one owed it, and handed it on; of after it the other one does.
    assert await city.owed(into) == ["2025年第4季度", *QUARTERS]
    assert await city.owed(old) == []
    query = "SELECT valid_to FROM pack_use WHERE unit_code = $1"
    assert await city.rows.fetchval(query, old) == date(2026, 3, 15)


async def test_what_is_made_is_not_looked_at_again_until_the_catalogue_or_the_use_changes(
    city: City,
) -> None:
    await city.adopted()
    unit = await make.unit(city.rows)
    first = await city.switch_on(unit)
    assert await city.make_due() >= len(QUARTERS)
    query = "SELECT made_until, made_by FROM pack_use WHERE unit_code = $1"
    async with city.sessions() as session:
        version = await catalogue.version_in_force(session)
    assert tuple((await city.rows.fetch(query, unit))[0]) == (date(2026, 11, 29), version)
    assert await city.make_due() == 0
    await city.switch_on(unit, valid_from="2025-10-01", version=first["version"])
    assert await city.make_due() == 1
    assert await city.owed(unit) == ["2025年第4季度", *QUARTERS]


async def test_one_use_that_cannot_be_made_keeps_no_other_from_its_turn(city: City) -> None:
    await city.adopted()
    broken, sound = sorted([await make.unit(city.rows), await make.unit(city.rows)])
    for unit in (broken, sound):
        await city.switch_on(unit)
    refuse = f"ADD CONSTRAINT broken CHECK (unit_code <> '{broken}') NOT VALID"
    await city.rows.execute(f"ALTER TABLE trigger_event {refuse}")
    with pytest.raises(DBAPIError):
        await city.make_due()
    assert (await city.owed(broken), await city.owed(sound)) == ([], QUARTERS)
    await city.rows.execute("ALTER TABLE trigger_event DROP CONSTRAINT broken")
    await city.make_due()
    assert await city.owed(broken) == QUARTERS
