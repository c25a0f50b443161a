"""Schemes as the API shows them."""

from services.projects.scoring.queries import ScoreRow
from services.projects.scoring.schemas import DeductionView, MeritView, SchemesView, ScoreView
from services.projects.scoring.service import Schemes


def schemes_view(found: Schemes) -> SchemesView:
    """All versions, and which are in force."""
    return SchemesView(
        deduction=[DeductionView.model_validate(one) for one in found.deductions],
        merit=[MeritView.model_validate(one) for one in found.merits],
        deduction_in_force=found.deduction_in_force,
        merit_in_force=found.merit_in_force,
    )


def score_view(row: ScoreRow) -> ScoreView:
    """A unit's line of a signed report; that of a day has neither points by merit nor peers."""
    named = {name: getattr(row, name) for name in ScoreRow._fields if name != "line"}
    of_line = ScoreView.model_fields.keys() - named.keys()
    return ScoreView(**named, **{name: row.line.get(name) for name in of_line})
