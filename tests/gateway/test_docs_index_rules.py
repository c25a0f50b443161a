"""The index of /docs: each operation once an audience, with who may call it and its words."""

from typing import Any

import httpx
import pytest

from services.gateway.documents import joining
from services.gateway.documents.index import index
from services.gateway.documents.words import ALSO
from shared.security.identity import ROLES

pytestmark = pytest.mark.xdist_group("documents")

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


def test_an_operation_is_found_by_another_word_for_it() -> None:
    path = "/api/v1/windows/{window_id}/call"
    called = operation("call_ticket", "hall", summary="叫指定的号 | Call a certain person")
    rated = operation("give_rating", "hall", summary="评价 | Rate")
    whole = {
        "tags": [{"name": "hall"}],
        "paths": {path: {"post": called}, "/api/v1/ratings": {"post": rated}},
    }
    [halls] = index(whole, "zh")
    assert [entry.path for entry in halls.operations if "叫号" in entry.text] == [path]
    assert [entry.path for entry in halls.operations if "好差评" in entry.text] == [
        "/api/v1/ratings"
    ]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("叫号", {"call_next", "call_ticket", "recall_ticket"}),
        ("弃号", {"abandon_ticket"}),
        ("回到队列", {"resume_ticket"}),
        ("好差评", {"give_rating", "verify_rating", "rate_my_letter"}),
        ("节假日", {"read_calendar", "add_calendar_version", "close_hall"}),
    ],
)
def test_what_people_call_it_finds_the_operations(
    joined: dict[str, Any], word: str, names: set[str]
) -> None:
    assert names <= found_by(joined, word)


@pytest.mark.parametrize("word", ALSO)
def test_every_other_word_stands_for_operations_that_there_are(
    joined: dict[str, Any], word: str
) -> None:
    heads = [
        f"{path} {one.get('summary', '')}".lower()
        for path, _, one in joining.each_operation(joined["paths"])
    ]
    for meant in ALSO[word]:
        assert any(meant in head for head in heads), meant


def found_by(whole: dict[str, Any], word: str) -> set[str]:
    return {
        entry.anchor.rpartition("/")[2]
        for audience in index(whole, "zh")
        for entry in audience.operations
        if word in entry.text
    }


def test_it_says_who_may_call() -> None:
    _, halls = index(WHOLE, "zh")
    assert [entry.roles for entry in halls.operations] == [["*"], ["clerk", "hall_manager"]]


async def test_the_page_offers_every_role_in_words(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    for role, name in ROLES.items():
        assert f'<option value="{role}">{name.zh}</option>' in page
