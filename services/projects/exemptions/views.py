"""Exemptions as the API shows them."""

from datetime import date

from services.projects.exemptions.models import ExemptionState
from services.projects.exemptions.queries import ExemptionRow
from services.projects.exemptions.schemas import ExemptionView


def exemption_view(row: ExemptionRow, today: date) -> ExemptionView:
    """An exemption, and whether its term is over on `today`."""
    is_late = row.state == ExemptionState.ASKED and row.due_on is not None and row.due_on < today
    same = ExemptionView.model_fields.keys() & set(ExemptionRow._fields)
    return ExemptionView(
        **{name: getattr(row, name) for name in same},
        overdue=is_late,
        withdrawn=row.withdrawn_at is not None,
    )
