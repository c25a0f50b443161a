"""The SQL of escalation: each question is one statement over all orders or all passed limits. Also
which orders are about accusations, so that they are hidden from those whom these are hidden from;
and what is written of items and steps, at once or with what is decided.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines.models import ACCUSATIONS, NO_DEPARTMENT
from services.feedback.deadlines.rules import CITIZENS_CLOCKS, OFFICE_CLOCKS
from services.feedback.supervision.models import SupervisionItem, SupervisionStep
from services.feedback.supervision.workflow import WORKFLOW, OrderSweep
from shared.database.deciding import write, write_rows
from shared.database.transitions import sources, target

SWEEP, ORDERS = 5_000, 50
"""Passed limits, and orders to look through, taken at a time: statements stay short."""

_NOT_THE_DEPARTMENTS = sorted(CITIZENS_CLOCKS | OFFICE_CLOCKS)

_PASSED = """
    d.state = 'breached' AND d.escalated_level < :level AND d.due_on < :due_before
    AND d.kind <> ALL(:others)
    AND NOT EXISTS (SELECT 1 FROM supervision_item i
                    WHERE i.cause = 'deadline' AND i.cause_id = d.id AND i.settled_at IS NULL)
"""
_OVERDUE = f"""
    {_PASSED} AND d.subject_kind IN ('letter', 'rating')
    AND d.department_code NOT IN ('{NO_DEPARTMENT}', '{ACCUSATIONS}')  -- no department's
"""
# An accusation has no owner to be read off its clock: its letter says who handles it. While the
# service is being upgraded an instance of before still starts such clocks with no department.
_TAKE_ACCUSATIONS = text(f"""
    WITH taken AS (
        UPDATE deadline SET escalated_level = :level
        WHERE id IN (SELECT d.id FROM deadline d JOIN letter l ON l.id = d.subject_id
                     WHERE {_PASSED} AND d.subject_kind = 'letter'
                     AND d.department_code IN ('{NO_DEPARTMENT}', '{ACCUSATIONS}')
                     AND l.kind = 'accusation' AND l.department_code IS NOT NULL
                     LIMIT {ORDERS} FOR UPDATE OF d SKIP LOCKED)
        RETURNING id, subject_id
    )
    SELECT taken.id, l.department_code FROM taken JOIN letter l ON l.id = taken.subject_id
""")
_DEPARTMENTS = text(f"SELECT DISTINCT d.department_code FROM deadline d WHERE {_OVERDUE}")
_TAKE = text(f"""
    WITH taken AS (
        -- Locks the limits it takes; those that a room is just meeting are left for the next
        -- round. The level is written in the same statement, so that a limit is taken once a level.
        UPDATE deadline SET escalated_level = :level
        WHERE id IN (SELECT d.id FROM deadline d WHERE {_OVERDUE}
                     LIMIT {SWEEP} FOR UPDATE SKIP LOCKED)
        RETURNING id, department_code, due_on
    )
    -- The bundles were opened and locked before, so that none closes while items come in; a limit
    -- that another transaction put into an order meanwhile meets the unique index and stays there.
    INSERT INTO supervision_item (id, order_id, cause, cause_id, judged_at, due_on)
    SELECT gen_random_uuid(), o.id, 'deadline', taken.id, :now, taken.due_on
    FROM taken JOIN supervision_order o
    ON o.bundle_key = :key_start || taken.department_code || :key_end
    ON CONFLICT DO NOTHING
""")

_RAISE = """
    WITH picked AS (
        -- Locked in one order of ids, without waiting: an order that its department is just
        -- answering is looked at again in the next round, by its new state. RETURNING of an UPDATE
        -- knows only the new level, so the old one is kept here.
        SELECT o.id, o.level FROM supervision_order o
        WHERE o.state IN ({left_alone}) AND {condition}
        ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE supervision_order o
    SET level = {level}, state = {anew}, bundle_key = NULL, version = o.version + 1
    FROM picked WHERE o.id = picked.id
    RETURNING o.id, o.number, o.department_code, picked.level AS level_before, o.level
"""
_ESCALATING = WORKFLOW.of(OrderSweep.ESCALATE)
_STATES = {"left_alone": sources(_ESCALATING), "anew": target(_ESCALATING, "o.state")}
_RAISE_UNANSWERED = text(
    _RAISE.format(
        **_STATES,
        level="picked.level + 1",
        condition="""o.level < 3 AND EXISTS (
            SELECT 1 FROM deadline d WHERE d.subject_kind = 'supervision_order'
            AND d.subject_id = o.id AND d.state = 'breached')""",
    )
)
_RAISE_LONG_OVERDUE = text(
    _RAISE.format(
        **_STATES,
        level=":level",
        condition="""o.cause = 'deadline' AND o.level < :level AND EXISTS (
            SELECT 1 FROM supervision_item i JOIN deadline d ON d.id = i.cause_id
            WHERE i.order_id = o.id AND i.settled_at IS NULL
            AND d.state = 'breached' AND d.due_on < :due_before)""",
    )
)
_MARK_RAISED = text("""
    UPDATE deadline d SET escalated_level = o.level
    FROM supervision_item i JOIN supervision_order o ON o.id = i.order_id
    WHERE o.id = ANY(:orders) AND i.cause = 'deadline' AND i.settled_at IS NULL
    AND d.id = i.cause_id AND d.escalated_level < o.level
""")

# Nobody is pressed for what another department handles by now, or nobody does.
_GONE = """
    FROM supervision_item i JOIN supervision_order o ON o.id = i.order_id
    JOIN deadline d ON d.id = i.cause_id
    LEFT JOIN letter l ON l.id = d.subject_id AND d.subject_kind = 'letter'
    WHERE i.cause = 'deadline' AND i.settled_at IS NULL AND (d.state <> 'breached'
        OR CASE WHEN l.kind = 'accusation' THEN l.department_code ELSE d.department_code END
            IS DISTINCT FROM o.department_code)
"""
_ORDERS_WITH_GONE = text(f"SELECT DISTINCT i.order_id {_GONE} LIMIT {ORDERS}")
_SETTLE_GONE = text(f"""
    WITH gone AS (
        SELECT i.id, i.cause_id, d.state = 'breached' AS stands {_GONE} AND o.id = ANY(:orders)
    ), freed AS (
        -- A limit that stands is to be demanded of whoever has it now, from its level on.
        UPDATE deadline d SET escalated_level = 0 FROM gone
        WHERE d.id = gone.cause_id AND gone.stands
    )
    UPDATE supervision_item i SET settled_at = :now FROM gone WHERE i.id = gone.id
""")
_OF_NO_LETTER = """
    NOT EXISTS (SELECT FROM supervision_item i
        JOIN deadline d ON d.id = i.cause_id AND d.subject_kind = 'letter'
        JOIN letter l ON l.id = d.subject_id
        WHERE i.order_id = supervision_order.id AND i.cause = 'deadline'
        AND {condition})
"""
_ACCUSES_NOBODY = text(_OF_NO_LETTER.format(condition="l.accused && CAST(:own AS varchar[])"))
_NO_ACCUSATION = text(_OF_NO_LETTER.format(condition="l.kind = 'accusation'"))

_ADD_ITEMS = text("""
    INSERT INTO supervision_item (id, order_id, cause, cause_id, judged_at, due_on, project_code,
        project_name, item_code, item_name)
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:order_id AS uuid[]), CAST(:cause AS text[]),
        CAST(:cause_id AS uuid[]), CAST(:judged_at AS timestamptz[]), CAST(:due_on AS date[]),
        CAST(:project_code AS text[]), CAST(:project_name AS text[]), CAST(:item_code AS text[]),
        CAST(:item_name AS text[]))
    ON CONFLICT DO NOTHING
""")
_SETTLED = {"settled_at", "evidence_event_id", "evidence_url"}
_ADD_STEPS = text("""
    INSERT INTO supervision_step (id, order_id, step, state, level, at, by, said_sealed)
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:order_id AS uuid[]), CAST(:step AS text[]),
        CAST(:state AS text[]), CAST(:level AS int[]), CAST(:at AS timestamptz[]),
        CAST(:by AS text[]), CAST(:said_sealed AS text[]))
""")
_SETTLE = text(
    "UPDATE supervision_item SET settled_at = :now WHERE order_id = :order AND settled_at IS NULL"
)


class OverdueAccusation(NamedTuple):
    """The passed limit of an accusation, and the department that handles it."""

    clock_id: UUID
    department_code: str


class Raised(NamedTuple):
    """An order that rose, from which level to which; the order of `_RAISE`'s RETURNING."""

    id: UUID
    number: str
    department_code: str
    level_before: int
    level: int


def seen(own: Collection[str], *, accusations: bool) -> list[TextClause]:
    """Of orders: none about a letter that accuses one of `own`, and about other accusations only if
    wanted.
    """
    accused = [_ACCUSES_NOBODY.bindparams(own=sorted(own))] if own else []
    return accused if accusations else [*accused, _NO_ACCUSATION]


async def add_items(session: AsyncSession, items: Sequence[SupervisionItem]) -> None:
    """A cause that stands in an order already is left out."""
    await write_rows(session, _ADD_ITEMS, [item.model_dump(exclude=_SETTLED) for item in items])


async def add_steps(session: AsyncSession, steps: Sequence[SupervisionStep]) -> None:
    """Append to the history of orders."""
    await write_rows(session, _ADD_STEPS, [step.model_dump() for step in steps])


async def settle_order(session: AsyncSession, order_id: UUID, now: datetime) -> None:
    """The answer was accepted: what still stands in the order is settled without evidence."""
    await write(session, _SETTLE, {"order": order_id, "now": now})


async def join_whole_tables(session: AsyncSession) -> None:
    """Hash joins for the rest of the transaction.

    A sweep concerns whole tables. On statistics from before a wave of passed limits the planner
    would choose nested loops, which at 10,000 rows run into the statement timeout.
    """
    await session.execute(text("SET LOCAL enable_nestloop = off"))


async def departments_overdue(session: AsyncSession, level: int, due_before: date) -> Sequence[str]:
    """Departments with passed limits that stand in no order and are due for this level."""
    found = await session.execute(_DEPARTMENTS, _overdue(level, due_before))
    return found.scalars().all()


async def take_overdue(
    session: AsyncSession, level: int, due_before: date, day: date, now: datetime
) -> int:
    """Put passed limits into their departments' bundles of `day`; returns how many."""
    keys = {"key_start": "deadline:", "key_end": f":{day}:{level}", "now": now}
    taken: Any = await session.execute(_TAKE, _overdue(level, due_before) | keys)
    return int(taken.rowcount)


async def take_accusations(
    session: AsyncSession, level: int, due_before: date
) -> Sequence[OverdueAccusation]:
    """Passed limits of accusations that stand in no order, taken for this level."""
    found = await session.execute(_TAKE_ACCUSATIONS, _overdue(level, due_before))
    return [OverdueAccusation(*row) for row in found]


async def raise_unanswered(session: AsyncSession) -> Sequence[Raised]:
    """Orders whose own limit the department let pass, one level up."""
    return [Raised(*row) for row in await session.execute(_RAISE_UNANSWERED)]


async def raise_long_overdue(
    session: AsyncSession, level: int, due_before: date
) -> Sequence[Raised]:
    """Orders below `level` that hold a limit passed so long ago, raised to it."""
    bounds = {"level": level, "due_before": due_before}
    raised = [Raised(*row) for row in await session.execute(_RAISE_LONG_OVERDUE, bounds)]
    await session.execute(_MARK_RAISED, {"orders": [order.id for order in raised]})
    return raised


async def orders_with_gone(session: AsyncSession) -> Sequence[UUID]:
    """Orders with an item whose limit is kept, cancelled or moved meanwhile, or is another's."""
    return (await session.execute(_ORDERS_WITH_GONE)).scalars().all()


async def settle_gone(session: AsyncSession, orders: Sequence[UUID], now: datetime) -> None:
    """Settle such items of these orders; the clock's own history is the evidence."""
    await session.execute(_SETTLE_GONE, {"orders": list(orders), "now": now})


def _overdue(level: int, due_before: date) -> dict[str, Any]:
    return {"level": level, "due_before": due_before, "others": _NOT_THE_DEPARTMENTS}
