"""The board of sources as the API shows it."""

from datetime import datetime

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from services.projects.source_health.queries import SourceRow, SourceTally, Summary
from services.projects.source_health.rules import FAULTS, STATES, UNPROVEN, WAIT, WHAT_TO_DO
from services.projects.source_health.schemas import (
    FaultTally,
    HostBehindView,
    SourceBoard,
    SourceView,
    StateTally,
    WaitingDuty,
)
from shared.web.models import Words
from shared.web.pagination import Page


def source_board(board: Summary, as_of: datetime, sources: Page[SourceView]) -> SourceBoard:
    """The board with one page of its sources."""
    by_state = {t.health: t for t in board.tallies if t.enabled and not t.is_by_fault}
    by_fault = [(t.fault, t) for t in board.tallies if t.enabled and t.is_by_fault and t.fault]
    return SourceBoard(
        as_of=as_of,
        states=[_state(health, by_state.get(health)) for health in STATES],
        switched_off=sum(t.portals for t in board.tallies if not t.enabled and not t.is_by_fault),
        faults=[
            _fault(fault, tally, as_of)
            for fault, tally in sorted(by_fault, key=lambda each: (-each[1].portals, each[0]))
        ],
        waiting_duties=board.waiting_duties,
        unproven=board.unproven,
        behind=[HostBehindView(**host._asdict()) for host in board.behind],
        items=sources.items,
        next_cursor=sources.next_cursor,
    )


def source_view(row: SourceRow) -> SourceView:
    """One portal of the board."""
    words = STATES[row.health] if row.fault is None else FAULTS[row.fault]
    words = words if row.unproven_since is None else UNPROVEN
    columns = row._asdict() | {
        "portal_id": row.id,
        "words": Words.of(words),
        "duties": [WaitingDuty(**duty) for duty in row.duties or []],
    }
    return SourceView(**{name: columns[name] for name in SourceView.model_fields})


def _state(health: PortalHealth, tally: SourceTally | None) -> StateTally:
    portals, units = (tally.portals, tally.units) if tally else (0, 0)
    return StateTally(health=health, words=Words.of(STATES[health]), portals=portals, units=units)


def _fault(fault: Fault, tally: SourceTally, as_of: datetime) -> FaultTally:
    return FaultTally(
        fault=fault,
        words=Words.of(FAULTS[fault]),
        advice=Words.of(WHAT_TO_DO.get(fault, WAIT)),
        portals=tally.portals,
        units=tally.units,
        since=tally.since or as_of,
    )
