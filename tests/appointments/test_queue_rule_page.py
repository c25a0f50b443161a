"""The rule of a hall's queue is explained in five sentences, with the hall's own numbers."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from services.appointments.priority import explaining
from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import DEFAULT_CREDITS, QueueRules
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem

NOBODY = dict.fromkeys(DEFAULT_CREDITS, 0)


def numbers(text: str) -> set[int]:
    return {int(found) for found in re.findall(r"\d+", text)}


def test_both_languages_say_the_same_numbers() -> None:
    rules = QueueRules()
    said = explaining.sentences(rules)
    assert len(said) == 5
    for one in said:
        assert numbers(one.zh) == numbers(one.en)
    assert numbers(said[1].zh) == {60, 90, 100, 15}
    assert numbers(said[2].zh) == {120}
    assert numbers(said[3].zh) == {90, 3}
    assert numbers(said[4].zh) == {3, 60, 30}


def test_who_may_wait_less_stands_with_the_minutes_of_the_hall() -> None:
    credits = {**NOBODY, TicketClass.DISABLED: 45, TicketClass.FIREFIGHTER: 45}
    [_, who, bound, _, _] = explaining.sentences(
        QueueRules(credits=credits, override_max_minutes=0)
    )
    assert "残疾人、消防救援人员多算 45 分钟" in who.zh
    assert "45 minutes for disabled people, firefighters" in who.en
    assert "预约迟到" not in who.zh
    assert (numbers(bound.zh), numbers(bound.en)) == ({45}, {45})
    assert "负责人" not in bound.zh


def test_a_hall_where_everybody_is_alike_says_so() -> None:
    rules = QueueRules(credits=NOBODY, override_max_minutes=0)
    said = explaining.sentences(rules)
    assert len(said) == 5
    assert "人人一样" in said[1].zh
    assert said[2].zh == "所以比您晚来的人，不会在您的窗口排到您前面。"


@pytest.mark.parametrize("ticket_class", sorted(set(DEFAULT_CREDITS) - {TicketClass.WALK_IN}))
def test_every_class_that_may_have_a_credit_is_named(ticket_class: TicketClass) -> None:
    rules = QueueRules(credits={**NOBODY, ticket_class: 77})
    who = explaining.sentences(rules)[1]
    assert 77 in numbers(who.zh) & numbers(who.en)


async def test_the_page_has_the_rules_that_the_hall_decided(office: Office) -> None:
    url = f"halls/{office.code}/queue-policy"
    page = await office.get(f"{url}?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    assert "本大厅没有另行规定" in page.text

    change: dict[str, Any] = {
        "rules": {"guard_after_minutes": 47},
        "version": 0,
        "basis": "优先服务规定<b>3号</b>",
    }
    decided = await office.client.put(f"/api/v1/{url}", json=change, headers=office.manager())
    day = datetime.fromisoformat(good(decided)["decided_at"]).astimezone(UTC)
    by_accept = await office.get(url, headers={"Accept": "text/html,application/xhtml+xml"})
    assert "有人已经等了 47 分钟以上" in by_accept.text
    assert "somebody has waited over 47 minutes" in by_accept.text
    assert "优先服务规定&lt;b&gt;3号&lt;/b&gt; · 第 1 版" in by_accept.text
    assert f"{day:%Y-%m}" in by_accept.text
    assert by_accept.text.count("<li>") == 10
    assert "<script" not in by_accept.text
    assert good(await office.get(url))["rules"]["guard_after_minutes"] == 47
    problem(await office.get("halls/H-NONE/queue-policy?format=html"), 404, "not-found")
