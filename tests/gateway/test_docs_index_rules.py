"""The index of /docs: each operation once an audience, with who may call it and its words."""

from typing import Any

import httpx

from services.gateway.documents.index import index
from shared.security.identity import ROLES

SIGNED_IN = [{"OneDoor": ["clerk", "hall_manager"]}]


def operation(name: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "tags": list(tags), "responses": {}, **more}


WHOLE = {
    "tags": [{"name": "citizen", "description": "预约 | book"}, {"name": "hall"}],
    "paths": {
        "/api/v1/availability": {
            "get": operation(
                "list_availability", "citizen", "hall", security=[{}, *SIGNED_IN],
                summary="可约时间 | Free times",
                description="每半小时一个。\n\n---\nEach half hour.",
            ),
        },
        "/api/v1/windows/{window_id}/call-next": {
            "post": operation("call_next", "hall", security=SIGNED_IN, summary="叫号 | Call"),
        },
    },
}  # fmt: skip


def test_an_operation_stands_under_each_of_its_audiences() -> None:
    found = {one.name: [entry.anchor for entry in one.operations] for one in index(WHOLE, "zh")}
    assert found == {
        "群众": ["#/citizen/list_availability"],
        "大厅": ["#/hall/list_availability", "#/hall/call_next"],
    }


def test_it_speaks_one_language_and_is_found_by_both() -> None:
    [citizens, _] = index(WHOLE, "en")
    [entry] = citizens.operations
    assert (citizens.name, citizens.about, entry.summary) == ("Citizens", "book", "Free times")
    for words in ("get", "/api/v1/availability", "list_availability", "可约时间", "free", "half"):
        assert words in entry.text


def test_it_says_who_may_call() -> None:
    _, halls = index(WHOLE, "zh")
    assert [entry.roles for entry in halls.operations] == [["*"], ["clerk", "hall_manager"]]


async def test_the_page_offers_every_role_in_words(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    for role, name in ROLES.items():
        assert f'<option value="{role}">{name.zh}</option>' in page
