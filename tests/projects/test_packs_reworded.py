"""A pack is worded otherwise as data: drafted, changed item by item, tried, adopted by another."""

from datetime import date
from typing import Any

import httpx

from services.projects.calendar.models import Every
from services.projects.packs import rules
from shared.clock import now, today
from tests.projects import make
from tests.projects.packs_city import ITEM, THEN, WELFARE, City
from tests.provoking import provokes

ONE, OTHER = "admin-a", "admin-b"
DOCUMENT = {"document": "宁政办发〔2026〕21号"}
CONTENT = {
    "zh": "安全生产",
    "en": "Work safety",
    "domain": "安全生产",
    "about": "document",
    "channels": ["政府网站"],
    "sources": [{"title": "中华人民共和国安全生产法", "doc_no": "主席令第88号"}],
}


class Editor:
    """An administrator with a draft of a pack."""

    def __init__(self, city: City, pack: str) -> None:
        self.city, self.path, self.draft = city, f"/api/v1/packs/{pack}/versions", dict[str, Any]()

    def by(self, sub: str) -> dict[str, str]:
        return self.city.as_("admin", sub=sub)

    async def begin(self, **others: Any) -> httpx.Response:
        answer = await self.city.client.post(
            self.path, json=DOCUMENT | others, headers=self.by(ONE)
        )
        if answer.status_code == 201:
            self.draft = answer.json()
        return answer

    @property
    def number(self) -> int:
        return int(self.draft["number"])

    def item(self, code: str, **changes: Any) -> dict[str, Any]:
        """An item of the draft, or one like its first, with changes."""
        items = {each["item_code"]: each for each in self.draft["contents"]}
        return dict(items[code if code in items else min(items)] | {"item_code": code} | changes)

    async def put(self, item: dict[str, Any], code: str | None = None) -> httpx.Response:
        path = f"{self.path}/{self.number}/items/{code or item['item_code']}"
        body = {"item": item, "version": self.draft["version"]}
        return self._seen(await self.city.client.put(path, json=body, headers=self.by(ONE)))

    async def remove(self, code: str) -> httpx.Response:
        return await self.act(f"items/{code}/remove")

    async def act(self, action: str, sub: str = ONE, **query: Any) -> httpx.Response:
        path = f"{self.path}/{self.number}/{action}"
        body = {"version": self.draft["version"]}
        headers = self.by(sub)
        return self._seen(
            await self.city.client.post(path, json=body, headers=headers, params=query)
        )

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code == 200 and "contents" in answer.json():
            self.draft = answer.json()
        return answer


def months(day: date) -> list[str]:
    """What was over before that day."""
    found = rules.periods_over(Every.MONTH, date(2026, 1, 1), None, day)
    return [period.name for period in found]


def pointer(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    return str(answer.json()["errors"][0]["pointer"])


@provokes("draft_pack_version", "state-conflict")
@provokes("adopt_pack_version", "four-eyes")
@provokes("adopt_pack_version", "state-conflict")
@provokes("put_pack_item", "state-conflict")
@provokes("remove_pack_item", "state-conflict")
@provokes("drop_pack_version", "state-conflict")
async def test_a_clock_is_changed_tried_and_adopted_by_another(city: City) -> None:
    await city.adopted()
    unit = await make.unit(city.rows)
    await city.switch_on(unit)
    await city.make_due()
    editor = Editor(city, WELFARE)
    assert (await editor.begin()).status_code == 201
    assert (await editor.begin()).status_code == 409
    assert editor.draft["changes"] == {"added": [], "changed": [], "removed": []}
    monthly = {"kind": "period", "n": 10, "every": "month"}
    changed = await editor.put(editor.item(ITEM, clock=monthly))
    assert changed.json()["changes"] == {"added": [], "changed": [ITEM], "removed": []}
    stale = dict(editor.draft, version=1)
    editor.draft, fresh = stale, editor.draft
    for answer in (await editor.put(editor.item(ITEM)), await editor.remove(ITEM)):
        assert answer.status_code == 409
    editor.draft = fresh
    tried = (await editor.act("adopt", dry_run=True)).json()
    [owed] = [each for each in tried["owed"] if each["unit_code"] == unit]
    assert (tried["dry_run"], owed["periods"]) == (True, months(today(now())))
    assert tried["duties"] == sum(len(each["periods"]) for each in tried["owed"])
    assert (await editor.act("adopt")).json()["type"] == "/problems/four-eyes"
    made = await editor.act("adopt", OTHER)
    assert (made.status_code, made.json()["owed"]) == (200, tried["owed"])
    again = await editor.act("adopt", OTHER)
    dropped = await editor.act("drop")
    assert (again.status_code, dropped.status_code) == (409, 409)
    pack = (await city.client.get(f"/api/v1/packs/{WELFARE}")).json()
    assert (pack["number"], pack["adopted"]) == (editor.number, True)
    before = len(await city.owed(unit))
    await city.make_due()
    assert len(await city.owed(unit)) == before + len(months(today(THEN)))
    # Back to a clock without periods: what was made stays, and nothing comes any more.
    await editor.begin()
    await editor.remove(ITEM)
    ended = (await editor.act("adopt", OTHER)).json()
    assert {"item_code": ITEM, "unit_code": unit, "periods": []} in ended["no_longer_made"]
    assert await city.make_due() == 0
    await _restore(editor)


async def _restore(editor: Editor) -> None:
    """The item as the release words it, for the tests that come."""
    [item] = [item for item in rules.items_of(rules.packs()[WELFARE]) if item.item_code == ITEM]
    await editor.begin()
    await editor.put(item.model_dump(mode="json"))
    assert (await editor.act("adopt", OTHER)).status_code == 200


@provokes("read_pack_version", "not-found")
@provokes("put_pack_item", "not-found")
@provokes("remove_pack_item", "not-found")
@provokes("adopt_pack_version", "not-found")
@provokes("drop_pack_version", "not-found")
async def test_a_city_words_a_pack_of_its_own(city: City) -> None:
    editor = Editor(city, "work_safety")
    assert pointer(await editor.begin()) == "/body/content"
    made = await editor.begin(content=CONTENT)
    assert (made.json()["number"], made.json()["contents"]) == (1, [])
    budgets = Editor(city, "budgets")
    await budgets.begin()
    like = budgets.item("FB-01", domain="安全生产", clock=None, month_day=None)
    like |= {"duty_kind": "deadline", "limit_value": 5, "limit_unit": "WD"}
    wrong = {
        "/body/item/domain": like | {"item_code": "WS-01", "domain": "财政预决算"},
        "/body/item/limit_value": like | {"item_code": "WS-01", "limit_value": None},
        "/body/item/month_day": like | {"item_code": "WS-01", "month_day": "01-31"},
        "/body/item/clock": like | {"item_code": "WS-01", "clock": {"kind": "lunar"}},
        "/body/item/item_code": like,
    }
    for place, item in wrong.items():
        assert pointer(await editor.put(item)) == place
    assert pointer(await editor.put(like | {"item_code": "WS-01"}, "WS-02")).endswith("item_code")
    added = await editor.put(like | {"item_code": "WS-01"})
    assert added.json()["changes"]["added"] == ["WS-01"]
    missing = {**editor.draft, "number": 9}
    editor.draft, kept = missing, editor.draft
    gone = [await editor.put(like | {"item_code": "WS-01"}), await editor.remove("WS-01")]
    gone += [await editor.act("adopt", OTHER), await editor.act("drop")]
    gone.append(await city.client.get(f"{editor.path}/9", headers=editor.by(ONE)))
    assert {answer.status_code for answer in gone} == {404}
    editor.draft = kept
    assert (await editor.remove("WS-02")).status_code == 404
    assert (await editor.act("adopt", OTHER)).status_code == 200
    listed = (await city.client.get("/api/v1/packs")).json()["items"]
    [mine] = [pack for pack in listed if pack["code"] == "work_safety"]
    assert (mine["items"], mine["adopted"], mine["number"]) == (1, True, 1)
    dropped = (await budgets.act("drop")).json()
    assert (dropped["state"], dropped["decided_by"]) == ("dropped", ONE)
    versions = await city.client.get(budgets.path, headers=budgets.by(ONE))
    assert [each["number"] for each in versions.json()["items"]] == [2]
