"""Disputes as the API shows them."""

from datetime import date

from services.projects.disputes.models import DisputeState
from services.projects.disputes.queries import DisputeRow
from services.projects.disputes.schemas import DisputeView


def dispute_view(row: DisputeRow, today: date) -> DisputeView:
    """A dispute, and whether its term is over on `today`."""
    is_late = row.state == DisputeState.OPEN and row.due_on is not None and row.due_on < today
    same = DisputeView.model_fields.keys() & set(DisputeRow._fields)
    return DisputeView(
        **{name: getattr(row, name) for name in same},
        overdue=is_late,
    )
