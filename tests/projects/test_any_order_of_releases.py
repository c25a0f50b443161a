"""In whatever order a unit's word and its page become known, the verdict is the same."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.release_register import Register, publish_today

REGISTERED = {
    ("nothing", "today"): ("overdue", "unverified", None),
    ("nothing", "yesterday"): ("overdue", "contradicted", None),
    ("today", "today"): ("on_time", "verified", 5),
    ("today", "yesterday"): ("on_time", "contradicted", 2),
    ("long ago", "today"): ("on_time", "verified", 2),
}
"""By the day that the page claims and the day that the push of today claims: the verdict, what
becomes of the entry in the register, and how far the time is trusted.
"""


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(
    steps=st.permutations(["record", "push", "show", "walk"]),
    case=st.sampled_from([*REGISTERED]),
)
async def test_register_push_page_and_event_give_one_verdict_in_any_order(
    desk: Desk, as_: Headers, steps: list[str], case: tuple[str, str]
) -> None:
    shown, claimed = case
    day, now = long_ago(3 if shown == "today" else 30), clock.now()
    async with new_world(desk, as_) as world:
        register = Register(desk.client, as_, world.unit, world.project)
        await world.register()
        await world.open()
        for step in steps:
            match step:
                case "record":
                    duty = await world.record(on=day)
                case "push":
                    at = now if claimed == "today" else now - timedelta(days=1)
                    title = f"{world.name}建议书批复"
                    url = f"{world.address}/a"
                    pushed = await register.push(url, at=at, signed_at=clock.now(), title=title)
                case "show" if shown != "nothing":
                    if shown == "today":
                        publish_today(world)
                    else:
                        world.publish(claimed_on=day + timedelta(days=3))
                case "walk":
                    await world.walk()
        await world.walk(2)
        found = await register.read(pushed)
        trust = "SELECT trust FROM publication WHERE duty_id = CAST(:id AS uuid)"
        known = [row["trust"] for row in await desk.rows(trust, id=duty)]
        got = await world.verdict(duty), found["state"], *(known or [None])
        assert got == REGISTERED[case]
