"""What is written in bulk moves as the tables of states say, and not otherwise."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import queries
from services.projects.collecting import service as collecting
from services.projects.collecting.models import (
    CollectorRun,
    DetailState,
    PortalPage,
    RunKind,
    RunState,
)
from services.projects.collecting.workflow import PAGES, RUNS, PageAction, RunAction
from shared.clock import now as clock_now
from tests.projects.collecting_world import Desk

_RUNNER = uuid4()
_SET_RUN = text(
    "UPDATE collector_run SET state = :state, requested_at = '1990-01-01', runner = :runner,"
    " lease_until = CASE WHEN CAST(:runner AS uuid) IS NOT NULL"
    " THEN now() + make_interval(secs => :left) END WHERE id = :id"
)
_SET_PAGE = text(
    "UPDATE portal_page SET detail_state = :state, match_wanted = false WHERE portal_id = :id"
)


@pytest.fixture
async def portal_id(desk: Desk) -> str:
    """A portal of its own; what the tests write about it is rolled back."""
    made = f"t-{uuid4().hex[:10]}"
    await desk.portal(made, "http://127.0.0.1:9/list")
    return made


async def run_in(
    session: AsyncSession, portal_id: str, state: RunState, *, left: int = -60
) -> UUID:
    """The oldest run of all, in that state; its lease, if the state has one, ends in `left` s."""
    run = await collecting.start_run(session, portal_id, RunKind.FULL, "test", clock_now())
    is_leased = any(step.to is state and step.keeps_lease for step in RUNS.rows)
    values = {"state": state.value, "runner": _RUNNER if is_leased else None, "left": left}
    await session.execute(_SET_RUN, {**values, "id": run.id})
    return run.id


async def run_now(session: AsyncSession, run_id: UUID) -> CollectorRun:
    return await session.get_one(CollectorRun, run_id, populate_existing=True)


@pytest.mark.parametrize("state", RunState)
async def test_a_run_is_claimed_where_the_table_has_a_row(
    desk: Desk, portal_id: str, state: RunState
) -> None:
    step = RUNS.get(state, RunAction.CLAIM)
    async with desk.sessions() as session:
        run_id = await run_in(session, portal_id, state)
        claimed = await queries.claim_run(session, uuid4())
        run = await run_now(session, run_id)
        assert (claimed == run_id) is (step is not None)
        assert run.state is (step.to if step else state)
        assert step is None or (run.lease_until is not None) is step.keeps_lease


async def test_a_run_with_a_lease_is_left_to_its_runner(desk: Desk, portal_id: str) -> None:
    async with desk.sessions() as session:
        run_id = await run_in(session, portal_id, RunState.RUNNING, left=60)
        assert await queries.claim_run(session, uuid4()) != run_id


@pytest.mark.parametrize("state", RunState)
async def test_a_run_is_released_where_the_table_has_a_row(
    desk: Desk, portal_id: str, state: RunState
) -> None:
    step = RUNS.get(state, RunAction.RELEASE)
    async with desk.sessions() as session:
        run_id = await run_in(session, portal_id, state)
        await queries.release_run(session, run_id, _RUNNER, 0)
        run = await run_now(session, run_id)
        assert run.state is (step.to if step else state)
        assert step is None or (run.lease_until is not None) is step.keeps_lease


def entry(portal_id: str, title: str, state: DetailState) -> PortalPage:
    at = clock_now()
    return PortalPage(
        portal_id=portal_id,
        url="http://127.0.0.1:9/a",
        title=title,
        first_seen_at=at,
        content_seen_at=at,
        last_listed_at=at,
        detail_state=state,
    )


@pytest.mark.parametrize("state", DetailState)
@pytest.mark.parametrize("title", ["原来的标题", "改过的标题"])
async def test_a_page_that_is_listed_with_other_words_moves_by_the_table(
    desk: Desk, portal_id: str, state: DetailState, title: str
) -> None:
    step = PAGES.get(state, PageAction.LIST_ANEW) if title == "改过的标题" else None
    async with desk.sessions() as session:
        await queries.list_entries(session, [entry(portal_id, "原来的标题", DetailState.PENDING)])
        await session.execute(_SET_PAGE, {"id": portal_id, "state": state.value})
        await queries.list_entries(session, [entry(portal_id, title, DetailState.PENDING)])
        (page,) = (
            await session.execute(
                text("SELECT detail_state, match_wanted FROM portal_page WHERE portal_id = :id"),
                {"id": portal_id},
            )
        ).all()
        assert page.detail_state == (step.to if step else state)
        assert page.match_wanted is (step is not None and step.is_matched)


@pytest.mark.parametrize("state", DetailState)
async def test_a_page_that_moved_to_another_site_is_not_asked_for_again(
    desk: Desk, portal_id: str, state: DetailState
) -> None:
    async with desk.sessions() as session:
        await queries.list_entries(session, [entry(portal_id, "原来的标题", DetailState.PENDING)])
        await session.execute(_SET_PAGE, {"id": portal_id, "state": state.value})
        await queries.list_entries(session, [entry(portal_id, "改过的标题", DetailState.ELSEWHERE)])
        pages = await session.execute(
            text("SELECT detail_state FROM portal_page WHERE portal_id = :id"), {"id": portal_id}
        )
        assert pages.scalars().all() == [state]
