"""The printed lists: taken as they are, merged where they repeat, reported where they are odd."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.appointments import demo
from services.appointments.directory import importing
from services.appointments.guides import importing as items
from shared.database.engine import Sessions
from tests.appointments.offices import KEYRING, NINE

DIRECTORY = (demo.DATA / "hall_directory.csv").read_text("utf-8-sig")
HEADING = DIRECTORY.splitlines()[0]


def test_the_printed_directory_is_two_halls_and_six_numbers() -> None:
    halls, report = importing.read_halls(DIRECTORY, prefix="NJ")

    assert [(hall.code, len(hall.contacts)) for hall in halls] == [("NJ-01", 1), ("NJ-02", 5)]
    assert halls[0].weekdays == [1, 2, 3, 4, 5]
    assert (report.rows, report.taken, report.merged) == (7, 6, 1)


def test_the_report_names_what_is_odd_row_by_row() -> None:
    _, report = importing.read_halls(DIRECTORY, prefix="NJ")

    said = report.lines("en")
    assert said[0] == "7 rows, 6 taken, 1 merged as duplicates"
    assert "row 7: identical with row 6, merged" in said
    assert "row 1: The address does not name the city" in said
    assert sum("no area code" in line for line in said) == 6
    assert any("3 numbers for one service at NJ-02" in line for line in said)
    assert len(report.lines("zh")) == len(said)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,甲,乙,南京市丙路,周一至周五,9:30—17:30,09:00,17:30,025-86655333,", "contradict"),
        ("1,甲,乙,南京市丙路,周一至周五,9:30—17:30,09:30,17:30,025-86655333,", None),
    ],
)
def test_each_oddity_is_found(row: str, said: str | None) -> None:
    _, report = importing.read_halls(f"{HEADING}\n{row}\n", prefix="X")

    about_the_row = [remark.text.en for remark in report.remarks if remark.row]
    assert [said in line for line in about_the_row] == [True] if said else about_the_row == []


@pytest.mark.parametrize("said", ["每天", "周一", "周八至周五", ""])
def test_weekdays_are_never_guessed(said: str) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        importing.weekdays(said)


def test_items_without_terms_and_repeated_names_are_reported() -> None:
    [first, *_] = json.loads((demo.DATA / "pboc_items.json").read_text())
    table = (
        f"group,item_zh,item_en\n征信,{first['name']},A\n征信,{first['name']},A\n征信,未知事项,B\n"
    )

    taken, report = items.read_items(table, json.dumps([first]), prefix="P", department="PBOC")

    assert [item.code for item in taken] == ["P-01"]
    assert report == items.ItemReport(3, [first["name"]], ["未知事项"], [])


async def test_the_demo_loads_once_and_then_only_adds_days(sessions: Sessions) -> None:
    """Rolled back at the end: the other tests share the database."""
    counts = text(
        "SELECT (SELECT count(*) FROM hall), (SELECT count(*) FROM guide),"
        " (SELECT count(*) FROM slot WHERE hall_code = 'H001')"
    )
    async with sessions() as session:
        await demo.load(session, KEYRING, NINE)
        first = (await session.execute(counts)).one()
        await demo.load(session, KEYRING, NINE)
        again = (await session.execute(counts)).one()
        await demo.load(session, KEYRING, NINE + timedelta(days=1))
        later = (await session.execute(counts)).one()
        windows = await session.scalar(
            text("SELECT count(*) FROM \"window\" WHERE hall_code = 'H001'")
        )
        await session.rollback()

    assert first == again
    assert (windows, later[2] - first[2]) == (6, 2 * 48)


@pytest.mark.parametrize("hour", [0, 9, 15, 16, 23])
async def test_the_demo_hall_has_a_slot_soon_at_any_hour(sessions: Sessions, hour: int) -> None:
    now = NINE.replace(hour=hour, minute=59)
    soon = text(
        "SELECT count(*) FROM slot WHERE hall_code = 'H001' AND pool = 'online'"
        " AND state = 'open' AND starts_at BETWEEN :now AND :soon"
    )
    async with sessions() as session:
        await demo.load(session, KEYRING, now)
        found = await session.scalar(soon, {"now": now, "soon": now + timedelta(minutes=31)})
        await session.rollback()

    assert found
