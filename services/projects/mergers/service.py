"""A unit becomes part of another: what is open is taken over, what was found stays with the old."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.duties import service as duties
from services.projects.mergers import queries
from services.projects.mergers.events import DutyTakenOver
from services.projects.mergers.models import UnitMerger
from services.projects.mergers.schemas import (
    MergerHandover,
    MergerInput,
    MergerOpen,
    MergerView,
)
from services.projects.packs import periods
from services.projects.packs import service as packs
from services.projects.portals import service as portals
from services.projects.publishing.carrying import service as carriers
from services.projects.register import service as register
from shared import clock
from shared.errors import Conflict, Invalid, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log

_ITSELF = Text("不能并入本单位", "A unit does not become part of itself")
_AHEAD = Text("并入之日不能在今天之后", "The day lies after today")
_BEFORE_OTHERS = Text(
    "并入之日不能早于其他单位并入本单位之日",
    "The day lies before that on which another unit became part of this one",
)


class CasesOpen(Conflict):
    """A case is between a unit and who decides: none may wait for a unit that is no more.

    They are not handed over: whoever replied, asked or approved did so for the unit, and what is
    decided of it is its own. Members: `cases`, and `open`, how many of which kind.
    """

    type = "/problems/cases-open"
    title = Text("该单位还有案件没有办结", "The unit has cases that nobody has ended")
    advice = Text(
        "请先办结或撤销其整改、异议和豁免，发布或撤回已批准的登记，再并入",
        "Please end or take back its orders, disputes and exemptions, and release or withdraw what"
        " is approved, first",
    )

    def __init__(self, found: MergerOpen) -> None:
        many = sum(found.model_dump().values())
        detail = Text(f"没有办结的共{many}件", f"Not ended: {many}")
        super().__init__(detail, cases=many, open=found.model_dump())


async def merge(
    session: AsyncSession, code: str, order: MergerInput, now: datetime, *, actor: str
) -> MergerView:
    """Let the unit end on the day before, and the other one take over its open duties, with the
    places where it publishes and all that is still to be done there.

    The history of verdicts up to now, and all that is published, stay with the unit that it was
    found of: a report of a day before, whenever it is made, says that unit. One merger at a time,
    in the turn of those who judge. Raises NotFound, Invalid, StateConflict, CasesOpen.
    """
    return await _merge(session, code, order, now, actor=actor, dry_run=False)


async def try_merge(
    session: AsyncSession, code: str, order: MergerInput, now: datetime, *, actor: str
) -> MergerView:
    """What the merger would do and what is in its way, done and taken back. Raises the same, but
    for open cases, which it counts."""
    attempt = await session.begin_nested()
    try:
        return await _merge(session, code, order, now, actor=actor, dry_run=True)
    finally:
        await attempt.rollback()


async def _merge(
    session: AsyncSession,
    code: str,
    order: MergerInput,
    now: datetime,
    *,
    actor: str,
    dry_run: bool,
) -> MergerView:
    await auditing.take_turn(session)
    await _check(session, code, order, now)
    into, last_day = order.successor_code, order.merged_on - timedelta(days=1)
    await register.ensure_merges(session, code, into, last_day, order.version)
    found = await _open(session, code, order)
    if any(found.model_dump().values()) and not dry_run:
        raise CasesOpen(found)
    await periods.make_of(session, code, now, before=order.merged_on)
    await periods.make_of(session, into, now, before=clock.today(now))
    taken = await auditing.hand_over(session, code, into, now, actor=actor)
    await duties.hand_over(session, taken, into)
    handed = await _hand_over(session, code, order, now, actor=actor)
    await register.end_unit(session, code, into, last_day, order.version)
    await auditing.judge_duties(session, taken, now, actor=actor)
    await outbox.record_many(session, [_taken_over(duty, code, order, now) for duty in taken])
    await _note(session, code, order, len(taken), now, actor=actor)
    return MergerView(
        unit_code=code,
        **order.model_dump(exclude={"version"}),
        dry_run=dry_run,
        taken_over=len(taken),
        handed_over=handed,
        open_cases=found,
    )


async def _check(session: AsyncSession, code: str, order: MergerInput, now: datetime) -> None:
    if order.successor_code == code:
        raise Invalid(_ITSELF, pointer="/body/successor_code")
    if order.merged_on > clock.today(now):
        raise Invalid(_AHEAD, pointer="/body/merged_on")
    before = await queries.last_merged_into(session, code)
    if before is not None and order.merged_on < before:
        raise Invalid(_BEFORE_OTHERS, pointer="/body/merged_on")


async def _open(session: AsyncSession, code: str, order: MergerInput) -> MergerOpen:
    found = await register.what_is_open(session, code, order.merged_on)
    return MergerOpen(
        orders=found.orders,
        disputes=found.disputes,
        exemptions=found.exemptions,
        releases=found.releases,
    )


async def _hand_over(
    session: AsyncSession, code: str, order: MergerInput, now: datetime, *, actor: str
) -> MergerHandover:
    """Where the unit publishes is read for the other one from now on, who goes on with the rest."""
    into = order.successor_code
    columns = await portals.hand_over(session, code, into, now, actor=actor)
    places, releases = await carriers.hand_over(session, code, into, now, actor=actor)
    await queries.follow(session, code, into)
    uses = await packs.hand_over(session, code, into, order.merged_on, now, actor=actor)
    return MergerHandover(
        portals=columns,
        carriers=places,
        releases=releases,
        packs=uses,
        projects=await register.hand_over(session, code, into, now),
    )


async def _note(
    session: AsyncSession, code: str, order: MergerInput, taken: int, now: datetime, *, actor: str
) -> None:
    merger = UnitMerger(
        unit_code=code,
        **order.model_dump(exclude={"version"}),
        taken_over=taken,
        recorded_at=now,
        recorded_by=actor,
    )
    session.add(merger)
    await session.flush()
    details = {"into": order.successor_code, "duties": taken}
    await audit_log.write(session, actor, "unit.merged", f"unit:{code}", now, details)


def _taken_over(duty: UUID, code: str, order: MergerInput, now: datetime) -> Addressed:
    event = DutyTakenOver(
        unit_code=order.successor_code, from_unit_code=code, duty_id=duty, taken_over_at=now
    )
    return Addressed(event, order.successor_code, str(duty))
