"""A change of schedules in words: what is added, what goes, and who loses their time."""

from collections.abc import Sequence

from services.appointments.booking.rules import Endangered
from services.appointments.schedules import rules
from services.appointments.schedules.rules import Comparison, Plan
from services.appointments.schedules.schemas import (
    EndangeredAppointment,
    PlannedSlot,
    Proposal,
)
from services.appointments.slots.rules import ComingSlot

MOST_SHOWN = 1000


def proposal(
    hall: str, plan: Plan, comparison: Comparison[ComingSlot], endangered: Sequence[Endangered]
) -> Proposal:
    """The proposal that a comparison makes, with its fingerprint."""
    added = [
        PlannedSlot(**{name: getattr(slot, name) for name in PlannedSlot.model_fields})
        for slot in comparison.add
    ]
    withdrawn = [shown(row) for row in comparison.withdraw]
    orphaned = persons(endangered)
    named = (
        *(f"+{slot.model_dump_json()}" for slot in added),
        *(f"-{row.id}" for row in comparison.withdraw),
        *(f"!{one.id}" for one in orphaned),
    )
    return Proposal(
        hall=hall,
        added_count=len(added),
        withdrawn_count=len(withdrawn),
        kept_count=comparison.kept,
        moved_count=len(comparison.carry),
        added=added[:MOST_SHOWN],
        withdrawn=withdrawn[:MOST_SHOWN],
        orphaned=orphaned,
        calendar_unknown=sorted(plan.unknown_years),
        fingerprint=rules.fingerprint(named),
    )


def shown(row: ComingSlot) -> PlannedSlot:
    """A slot that is there, as a proposal names it."""
    return PlannedSlot(**{name: getattr(row, name) for name in PlannedSlot.model_fields})


def persons(rows: Sequence[Endangered]) -> list[EndangeredAppointment]:
    """Each appointment once, however many of its slots are lost."""
    found = {
        row.id: EndangeredAppointment(
            id=row.id,
            code=row.code,
            item=row.item_code,
            state=row.state,
            starts_at=row.starts_at,
        )
        for row in rows
    }
    return sorted(found.values(), key=lambda one: (one.starts_at, one.id))
