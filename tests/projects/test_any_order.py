"""In whatever order things become known, the verdicts are the same once all was read again."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.projects.collecting.models import RunState
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing, table

LONG = "该项目建设规模、内容、投资、资金来源和建设工期均按原批复执行，" * 3
EXPECTED = {
    "stays": ("on_time", "on_time"),
    "other": ("withdrawn", "withdrawn"),
    "removed": ("withdrawn", "withdrawn"),
    "moved": ("on_time", "on_time"),
    "walled": ("on_time", "on_time"),
    "nothing": ("overdue", "overdue"),
    "row": ("on_time", "unknown"),
    "row taken out": ("withdrawn", "unknown"),
    "among others": ("on_time", "unknown"),
}
"""What becomes of the page of the duty, and the verdict in the end: where the project's code stands
there, and where only its name does. A row or one of several names is for a person then.
"""

STEPS = ("register", "record", "open", "change", "walk", "walk", "sweep")


class Life:
    """A world in which the steps are taken in any order; what cannot be taken yet is taken later.

    The page was online, and seen, before anything is changed about it: what nobody ever saw is not
    evidence.
    """

    def __init__(self, world: World, end: str, *, code: str | None) -> None:
        self.world, self.end, self.code = world, end, code
        self.duty: str | None = None
        self.was_seen = False
        self.others = [["另一处水厂工程", make.project_code()], ["又一处公路工程", "-"]]
        if end == "among others":
            names = f"{world.name}、另一处水厂工程、又一处公路工程"
            world.publish(f"关于{names}建议书的批复", text=LONG, code=code)
        elif end.startswith("row"):
            self._publish_table(is_in=True)
        elif end != "nothing":
            world.publish(text=LONG, code=code)

    def _publish_table(self, *, is_in: bool) -> None:
        """A page of several projects, in a table; the world's own is the second."""
        own = [[self.world.name, self.world.project if self.code == "" else "-"]] * is_in
        text = table([self.others[0], *own, self.others[1]], heads=["项目名称", "项目代码"])
        self.world.publish("项目建议书批复情况", text=text, code=None)

    async def take(self, step: str) -> bool:
        """False where the step cannot be taken yet."""
        ways: dict[str, Callable[[], Awaitable[bool]]] = {
            "register": self._register,
            "record": self._record,
            "open": self._open,
            "change": self._change,
            "walk": self._walk,
            "sweep": self._sweep,
        }
        return await ways[step]()

    async def settle(self) -> str:
        """The verdict once everything was read again, twice."""
        await self.world.walk(2)
        assert self.duty is not None
        return await self.world.verdict(self.duty)

    async def _register(self) -> bool:
        await self.world.register()
        return True

    async def _record(self) -> bool:
        if not self.world.version:
            return False
        self.duty = await self.world.record()
        return True

    async def _open(self) -> bool:
        await self.world.open()
        return True

    async def _walk(self) -> bool:
        await self.world.walk()
        self.was_seen = bool(self.world.portals)
        await self._never_overdue_by_mistake()
        return self.was_seen

    async def _sweep(self) -> bool:
        await self.world.desk.match()
        return True

    async def _change(self) -> bool:
        if not self.was_seen:
            return False
        pages = self.world.served.pages
        if self.end == "other":
            self.world.publish("另一处排水工程建议书批复", text=LONG[::-1], code=None)
        elif self.end == "removed":
            pages["/a"] = "<p>您访问的页面不存在</p>"
            pages["/list"] = listing("/meeting|关于召开会议的通知|2026-01-05")
        elif self.end == "walled":
            pages["/a"] = "<p>您的请求被拦截，请联系网站管理员</p>"
        elif self.end == "row taken out":
            self._publish_table(is_in=False)
        elif self.end == "moved":
            del pages["/a"]
            self.world.publish(at="/b", text=LONG, code=self.code)
        return True

    async def _never_overdue_by_mistake(self) -> None:
        """What is published is never called unpublished on the way either."""
        if self.duty is not None and self.end != "nothing":
            assert await self.world.verdict(self.duty) != "overdue"


@settings(
    max_examples=14,
    suppress_health_check=list(HealthCheck),
)
@given(
    steps=st.permutations(STEPS),
    end=st.sampled_from([*EXPECTED]),
    code=st.sampled_from(["", None]),
)
async def test_any_order_of_what_becomes_known_gives_the_same_verdict(
    desk: Desk, as_: Headers, steps: list[str], end: str, code: str | None
) -> None:
    async with new_world(desk, as_) as world:
        life, waiting = Life(world, end, code=code), list(steps)
        while waiting:
            later = [step for step in waiting if not await life.take(step)]
            assert len(later) < len(waiting), later
            waiting = later
        assert await life.settle() == EXPECTED[end][code is None]


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(
    steps=st.permutations(["news", "decision", "record", "walk"]),
    code=st.sampled_from(["", None]),
)
async def test_news_before_the_decision_is_not_its_publication_in_any_order(
    desk: Desk, as_: Headers, steps: list[str], code: str | None
) -> None:
    async with new_world(desk, as_) as world:
        await world.register()
        await world.open()
        day, entries, duty = long_ago(), [], None
        for step in [*steps, "walk", "walk"]:
            if step == "walk":
                await world.walk()
                continue
            if step == "record":
                duty = await world.record()
                continue
            at, on = (
                ("/news", day - timedelta(days=9))
                if step == "news"
                else ("/a", day + timedelta(days=3))
            )
            title = f"{world.name}建议书" + ("编制完成" if step == "news" else "批复")
            world.publish(title, at=at, claimed_on=on, code=code, listed=False)
            entries.append(f"{at}|{title}|{on}")
            world.served.pages["/list"] = listing(*entries)
        assert duty is not None
        assert await world.verdict(duty) == "on_time"


SECOND: dict[str, Callable[[date], dict[str, Any]]] = {
    "again": lambda _: {"kind": "decided"},
    "corrected": lambda day: {"on": day.isoformat()},
    "numbered": lambda _: {"doc_no": "宁建许〔2026〕12号"},
}
"""How the second duty differs from the first, by the day that the page may bear."""


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(
    steps=st.permutations(["first", "second", "walk", "sweep"]),
    second=st.sampled_from([*SECOND]),
    code=st.sampled_from(["", None]),
    is_dated=st.booleans(),
)
async def test_a_page_of_one_of_two_duties_is_for_a_person_in_any_order(
    desk: Desk, as_: Headers, steps: list[str], second: str, code: str | None, is_dated: bool
) -> None:
    """Unless the page bears the day of one of them."""
    async with new_world(desk, as_) as world:
        day = long_ago(29)
        world.publish(code=code, text=f"批复时间：{day}" if is_dated else "")
        await world.register()
        await world.open()
        duties: dict[str, str] = {}
        for step in steps:
            match step:
                case "walk":
                    await world.walk()
                case "sweep":
                    await desk.match()
                case _:
                    others = SECOND[second](day) if step == "second" else {}
                    duties[step] = await world.record(**others)
        await world.walk(2)
        verdicts = {step: await world.verdict(duty) for step, duty in duties.items()}
        waiting = [(match["duty"]["id"], match["reason"]) for match in await world.queue()]
        if is_dated and second == "corrected":
            assert (verdicts, waiting) == ({"first": "overdue", "second": "on_time"}, [])
            return
        assert verdicts == dict.fromkeys(duties, "unknown")
        assert sorted(waiting) == [(duty, "several_candidates") for duty in sorted(duties.values())]


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(steps=st.permutations(["record", "show", "walk", "walk", "sweep"]))
async def test_a_picture_keeps_a_duty_open_unless_it_was_absent_after_the_limit_in_any_order(
    desk: Desk, as_: Headers, steps: list[str]
) -> None:
    async with new_world(desk, as_) as world:
        await world.register()
        await world.open()
        for step in steps:
            match step:
                case "record":
                    duty = await world.record()
                case "walk":
                    await world.walk()
                case "sweep":
                    await desk.match()
                case _:
                    title = "10月份建议书批复结果公示"
                    world.publish(title, at="/picture", code=None)
                    world.served.pages["/picture"] = f'<h1>{title}</h1><p><img src="a.jpg"></p>'
        await world.walk(2)
        was_absent = steps.index("show") > max(at for at, s in enumerate(steps) if s == "walk")
        assert await world.verdict(duty) == ("overdue" if was_absent else "unknown")
        assert [match["duty"]["id"] for match in await world.queue()] == [duty]


FAULTS: dict[str, Any] = {
    "cut": lambda world: world.served.pages.update({"/list_1": ""}),
    "gone": lambda world: world.served.statuses.update({"/list_1": 404}),
    "blocked": lambda world: world.served.statuses.update({"/list_1": 403}),
    "detail": lambda world: world.served.statuses.update({"/m3": 500}),
}


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(
    faults=st.lists(st.sampled_from([*FAULTS, "none", "event"]), min_size=1, max_size=4),
    says_length=st.booleans(),
)
async def test_no_walk_that_was_cut_blocked_or_older_than_the_duty_proves_anything(
    desk: Desk, as_: Headers, faults: list[str], says_length: bool
) -> None:
    async with new_world(desk, as_) as world:
        await world.register()
        await world.open(pager={"kind": "numbered", "address": "list_{n}", "first": 1})
        duty, whole = None, 0
        for fault in faults:
            lay_out(world, says_length=says_length)
            world.served.statuses.clear()
            if fault == "event":
                duty, whole = duty or await world.record(), whole if duty else 0
                continue
            FAULTS.get(fault, lambda _: None)(world)
            [run] = await world.walk()
            whole += run.proves_absence
            is_whole = fault == "none" and run.state is RunState.FINISHED
            assert run.proves_absence == (is_whole and says_length)
            if duty is not None:
                proven = whole > 1
                assert (await world.verdict(duty) == "overdue") == proven


def lay_out(world: World, *, says_length: bool) -> None:
    """Two pages of notices, on a list that says so or not."""
    counted = "<script>createPageHTML(2, 0)</script>" if says_length else ""
    entries = [f"/m{n}|会议通知{n}|2026-01-05" for n in range(4)]
    world.served.pages |= {
        "/list": listing(*entries[:2], extra=counted),
        "/list_1": listing(*entries[2:], extra=counted),
        **{f"/m{n}": f"<p>正文{n}</p>" for n in range(4)},
    }
