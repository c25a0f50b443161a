"""A change of schedules in words: what is added, what goes, and who loses their time."""

from collections.abc import Iterable, Sequence

from services.appointments.booking.reseating import Outlook
from services.appointments.booking.seating import Claimant
from services.appointments.schedules import rules
from services.appointments.schedules.pieces import in_pieces
from services.appointments.schedules.rules import Comparison, WantedSlot
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
        fingerprint=rules.fingerprint(named),
    )


def shown(row: ComingSlot | WantedSlot) -> PlannedSlot:
    """A slot that is there or planned, as a proposal names it."""
    return PlannedSlot(**{name: getattr(row, name) for name in PlannedSlot.model_fields})


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
