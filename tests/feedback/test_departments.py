"""A stranger's city brings in its departments and staff names, and can dispatch to them."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.feedback.isolated_service import IsolatedService, Sign, new_code
from tests.feedback.letter_helpers import API, LetterOffice
from tests.paging import walked
from tests.provoking import provokes

DEPARTMENT = {
    "name": "城市管理局",
    "name_en": "Urban Management Bureau",
    "staff_names": ["沈一鸣", "高晓峰"],
    "numbers": ["0772-3812345"],
}
HEAD = "code,name,name_en,is_active,staff_names,numbers"


@pytest.fixture
def admin(as_: Sign) -> dict[str, str]:
    return as_("admin", "*")


async def put(
    isolated: IsolatedService, headers: dict[str, str], code: str, **fields: Any
) -> httpx.Response:
    return await isolated.client.put(
        f"{API}/feedback/departments/{code}", json={**DEPARTMENT, **fields}, headers=headers
    )


async def upload(
    isolated: IsolatedService, headers: dict[str, str], *lines: str, **params: Any
) -> httpx.Response:
    return await isolated.client.post(
        f"{API}/feedback/departments:import",
        content="\n".join([HEAD, *lines]).encode(),
        headers={**headers, "Content-Type": "text/csv"},
        params=params,
    )


async def get(isolated: IsolatedService, headers: dict[str, str], code: str) -> httpx.Response:
    return await isolated.client.get(f"{API}/feedback/departments/{code}", headers=headers)


async def test_letters_can_be_dispatched_to_a_department_as_soon_as_it_is_registered(
    office: LetterOffice, isolated: IsolatedService, admin: dict[str, str]
) -> None:
    code = new_code()
    made = await put(isolated, admin, code)
    assert (made.status_code, made.json()["version"]) == (201, 1), made.text
    letter = await office.write()
    await letter.act("register")
    await letter.act("accept")
    sent = await letter.act("dispatch", department_code=code)
    assert (sent.status_code, sent.json()["department_code"]) == (200, code)
    listed = await walked(isolated.client, f"{API}/feedback/departments", limit=200)
    [found] = [one for one in listed if one["code"] == code]
    assert found["numbers"] == ["0772-3812345"]
    assert found["english_name"] == found["name_en"] == DEPARTMENT["name_en"]
    assert "staff_names" not in found


@provokes("put_department", "state-conflict", "not-found")
async def test_a_department_is_changed_by_whoever_has_seen_its_version(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    code = new_code()
    assert (await put(isolated, admin, code, version=1)).status_code == 404
    await put(isolated, admin, code)
    again = await put(isolated, admin, code)
    assert (again.status_code, again.json()["version"]) == (409, 1)
    change = {"version": 1, "is_active": False, "staff_names": None, "numbers": None}
    answers = await asyncio.gather(*(put(isolated, admin, code, **change) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    kept = (await get(isolated, admin, code)).json()
    assert (kept["is_active"], kept["version"]) == (False, 2)
    assert kept["staff_names"] == ["沈一鸣", "高晓峰"]
    assert kept["numbers"] == ["0772-3812345"]
    emptied = await put(isolated, admin, code, version=2, staff_names=[])
    assert emptied.json()["staff_names"] == []


@provokes("get_department", "not-found")
async def test_a_department_that_nobody_registered_is_not_there(
    isolated: IsolatedService, admin: dict[str, str], as_: Sign
) -> None:
    assert (await get(isolated, admin, new_code())).status_code == 404
    assert (await get(isolated, as_("officer", "D01"), "D01")).status_code == 403


async def test_a_file_of_departments_is_tried_first_and_then_taken_as_a_whole(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    one, two = new_code(), new_code()
    lines = (f"{one},一局,First Bureau,是,张三丰；李四光,12345、0772-3812345", f"{two},二局,,,,")
    dry = await upload(isolated, admin, *lines, dry_run=True)
    assert dry.json() == {"dry_run": True, "rows": 2, "created": 2, "updated": 0, "unchanged": 0}
    assert (await get(isolated, admin, one)).status_code == 404
    assert (await upload(isolated, admin, *lines)).json()["created"] == 2
    found = (await get(isolated, admin, one)).json()
    assert (found["staff_names"], found["numbers"]) == (
        ["张三丰", "李四光"],
        ["12345", "0772-3812345"],
    )
    again = (await upload(isolated, admin, *lines)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    changed = (await upload(isolated, admin, f"{one},一局,,否,张三丰,", lines[1])).json()
    assert (changed["updated"], changed["unchanged"]) == (1, 1)
    found = (await get(isolated, admin, one)).json()
    assert (found["is_active"], found["staff_names"]) == (False, ["张三丰"])
    assert (found["numbers"], found["version"]) == (["12345", "0772-3812345"], 2)


async def test_the_old_name_of_the_english_name_is_still_taken(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    code, listed = new_code(), new_code()
    body = {"name": "城市管理局", "english_name": "City Bureau"}
    url = f"{API}/feedback/departments"
    made = await isolated.client.put(f"{url}/{code}", json=body, headers=admin)
    assert (made.status_code, made.json()["name_en"]) == (201, "City Bureau"), made.text
    both = {**body, "name_en": "Another", "version": 1}
    refused = await isolated.client.put(f"{url}/{code}", json=both, headers=admin)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
        422,
        "/body/english_name",
    )
    file = f"code,name,english_name\n{listed},水利局,Water Bureau\n".encode()
    headers = {**admin, "Content-Type": "text/csv"}
    done = await isolated.client.post(f"{url}:import", content=file, headers=headers)
    assert done.status_code == 200, done.text
    assert (await get(isolated, admin, listed)).json()["name_en"] == "Water Bureau"


@provokes("import_departments", "import-refused")
async def test_one_wrong_line_and_no_department_is_imported(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    good = new_code()
    refused = await upload(
        isolated,
        admin,
        f"{good},好局,,,,",
        "坏 代码,坏局,,,,",
        f"{new_code()},坏局,,也许,,",
        f"{new_code()},坏局,,,,abc",
        f"{good},重复局,,,,",
    )
    assert refused.status_code == 422
    wrong = [(line["line"], line["field"]) for line in refused.json()["lines"]]
    assert wrong == [(3, "code"), (4, "is_active"), (5, "numbers"), (6, "code")]
    assert (await get(isolated, admin, good)).status_code == 404


@provokes("import_departments", "payload-too-large")
async def test_a_file_that_is_too_large_is_refused_as_such(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    refused = await upload(isolated, admin, *["D01,发展和改革委员会,,,,"] * 200_000)
    assert refused.status_code == 413


async def test_two_imports_at_once_both_end(
    isolated: IsolatedService, admin: dict[str, str]
) -> None:
    codes = [new_code() for _ in range(10)]
    lines = [f"{code},某局,,,,{number:05}" for number, code in enumerate(codes, 10000)]
    answers = await asyncio.gather(
        upload(isolated, admin, *lines), upload(isolated, admin, *reversed(lines))
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sum(answer.json()["created"] for answer in answers) == 10
