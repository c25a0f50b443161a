"""A change of schedules in words: what is added, what goes, and who loses their time."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.appointments.booking.reseating import Outlook
from services.appointments.booking.seating import Claimant
from services.appointments.schedules.changing import Change
from services.appointments.schedules.comparing import Comparison, fingerprint
from services.appointments.schedules.making import WantedSlot
from services.appointments.schedules.pieces import in_pieces
from services.appointments.schedules.schemas import (
    EndangeredAppointment,
    PlannedSlot,
    Proposal,
)
from services.appointments.schedules.shown import RuleOverlap
from services.appointments.slots.rules import ComingSlot

MOST_SHOWN = 1000


async def proposal(
    hall: str,
    unknown_years: Iterable[int],
    comparison: Comparison[ComingSlot],
    outlook: Outlook,
    overlaps: list[RuleOverlap],
) -> Proposal:
    """The proposal that a comparison makes, with its fingerprint."""
    add, withdraw = comparison.add, comparison.withdraw
    left = {slot for one in outlook.lost for slot in one.slot_ids}
    named = [
        *[f"!{one.id}" for one in outlook.lost],
        *[f"^{one.id}" for one in outlook.resupported],
    ]
    async for piece in in_pieces(add):
        named += [f"+{slot}" for slot in piece]
    async for row_piece in in_pieces(withdraw):
        named += [f"-{row.id}" for row in row_piece]
    return Proposal(
        hall_code=hall,
        added_count=len(add),
        withdrawn_count=len(withdraw),
        kept_count=comparison.kept,
        moved_count=sum(row.id not in left for row in comparison.replaced),
        added=[shown(slot) for slot in add[:MOST_SHOWN]],
        withdrawn=[shown(row) for row in withdraw[:MOST_SHOWN]],
        orphaned=persons(outlook.lost),
        resupported=len(outlook.resupported),
        overlaps=overlaps,
        calendar_unknown=sorted(unknown_years),
        fingerprint=fingerprint(named),
    )


def effects(done: Change) -> dict[str, Any]:
    """The fields of `SlotsChanged`: slots of which only places or items change stay, and are
    neither withdrawn nor added."""
    comparison = done.comparison
    places = {(row.rule_code, row.pool, row.starts_at) for row in comparison.withdraw}
    stay = {(s.rule_code, s.pool, s.starts_at) for s in comparison.add} & places
    gone = [r for r in comparison.withdraw if (r.rule_code, r.pool, r.starts_at) not in stay]
    added = [s for s in comparison.add if (s.rule_code, s.pool, s.starts_at) not in stay]
    return {
        "withdrawn_count": len(gone),
        "withdrawn": [shown(row) for row in gone[:MOST_SHOWN]],
        "changed_count": len(stay),
        "added_count": len(added),
        "added": [shown(slot) for slot in added[:MOST_SHOWN]],
        "orphaned": persons(done.outlook.lost),
        "resupported": len(done.outlook.resupported),
    }


def counts(done: Change) -> dict[str, int]:
    """What the audit log keeps of a change."""
    return {
        "withdrawn": len(done.comparison.withdraw),
        "orphaned": len(done.outlook.lost),
        "resupported": len(done.outlook.resupported),
    }


def shown(row: ComingSlot | WantedSlot) -> PlannedSlot:
    """A slot that is there or planned, as a proposal names it: with all places, also those that
    are released later."""
    whole = row.capacity + sum(wave.places for wave in row.later)
    same = {name: getattr(row, name) for name in PlannedSlot.model_fields}
    return PlannedSlot(**{**same, "capacity": whole})


def persons(claimants: Sequence[Claimant]) -> list[EndangeredAppointment]:
    """The appointments as staff see them, by time."""
    found = [
        EndangeredAppointment(
            id=one.id,
            code=one.code,
            item_code=one.item_code,
            state=one.state,
            starts_at=one.starts_at,
        )
        for one in claimants
    ]
    return sorted(found, key=lambda one: (one.starts_at, one.id))
