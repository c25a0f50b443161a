"""What waits equally long is taken in one order, not in that of the rows on the disk."""

from uuid import uuid4

from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing


async def test_of_runs_ordered_at_one_moment_the_first_is_walked_first(desk: Desk) -> None:
    served = UnrulyPortal(pages={"/list": listing("/a|甲|2026-01-05"), "/a": "<p>甲</p>"})
    async with serving(served) as address:
        runs = []
        for _ in range(3):
            portal_id = f"t-{uuid4().hex[:10]}"
            await desk.portal(portal_id, f"{address}/list")
            runs.append(await desk.order(portal_id))
        for run_id in reversed(runs):
            # Each is written anew, behind the others.
            await desk.do("UPDATE collector_run SET requested_at = now() WHERE id = :id", id=run_id)
        together = "UPDATE collector_run SET requested_at = '2026-01-01' WHERE id = :id"
        for run_id in reversed(runs):
            await desk.do(together, id=run_id)
        for run_id in runs:
            walk = await desk.collector._claim()
            assert walk is not None
            assert walk.run.id == run_id
            await walk.go()
