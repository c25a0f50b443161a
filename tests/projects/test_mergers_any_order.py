"""A unit becomes part of another while its pages are looked for: whenever that is recorded, the
verdicts are the same once all was read again."""

import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing
from tests.support import connect

OLD, NEW = "/list", "/new"
IN_TIME, TOO_LATE = "on_time", "overdue"


class Merging:
    """A unit with a column, and another one with its own; the page names the project and no code,
    so that only a page of the unit's own may be of its duty."""

    def __init__(self, world: World, into: str, column: str | None) -> None:
        self.world, self.into, self.column = world, into, column
        self.duty = ""

    async def begin(self) -> None:
        world = self.world
        world.publish_nothing()
        world.served.pages[NEW] = world.served.pages[OLD]
        await world.register()
        self.duty = await world.record()
        await world.open(OLD)
        old, world.unit = world.unit, self.into
        await world.open(NEW)
        world.unit = old

    async def take(self, step: str) -> None:
        match step:
            case "merge":
                await self._merge()
            case "publish":
                self._publish()
            case _:
                await self.world.walk()

    async def verdict(self) -> str:
        return await self.world.verdict(self.duty)

    def _publish(self) -> None:
        if self.column is not None:
            day = long_ago()
            title = f"{self.world.name}建议书批复"
            self.world.publish(title, claimed_on=day, code=None, listed=False)
            self.world.served.pages[self.column] = listing(f"/a|{title}|{day}")

    async def _merge(self) -> None:
        world = self.world
        order = {
            "successor_code": self.into,
            "merged_on": clock.today(clock.now()).isoformat(),
            "document": "宁编〔2026〕3号",
            "version": 1,
        }
        path = f"/api/v1/units/{world.unit}/merge"
        made = await world.desk.client.post(path, json=order, headers=world.as_("admin", "*"))
        assert (made.status_code, made.json()["handed_over"]["portals"]) == (201, 1), made.text


async def merging(world: World, column: str | None) -> Merging:
    url = world.desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    rows = await connect(url)
    made = Merging(world, await make.unit(rows), column)
    await rows.close()
    await made.begin()
    return made


@pytest.mark.parametrize("column", [OLD, NEW])
@pytest.mark.parametrize(
    "steps",
    [
        ("merge", "publish", "walk"),
        ("publish", "merge", "walk"),
        ("walk", "publish", "merge"),
    ],
    ids="-".join,
)
async def test_where_and_when_it_is_published_counts_and_not_when_the_merger_is_recorded(
    desk: Desk, as_: Headers, steps: tuple[str, ...], column: str
) -> None:
    async with new_world(desk, as_) as world:
        case = await merging(world, column)
        for step in steps:
            await case.take(step)
            # Where a page may stand that nobody has read, nothing is called unpublished.
            assert await case.verdict() not in (TOO_LATE, "late")
        await world.walk(2)
        assert await case.verdict() == IN_TIME


async def test_what_stands_on_neither_column_is_overdue_of_the_successor(
    desk: Desk, as_: Headers
) -> None:
    async with new_world(desk, as_) as world:
        case = await merging(world, None)
        await case.take("merge")
        await world.walk(2)
        assert await case.verdict() == TOO_LATE
