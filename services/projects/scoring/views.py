"""Schemes as the API shows them."""

from collections.abc import Sequence
from datetime import datetime

from services.projects.reports.models import MeritScheme, ScoreScheme
from services.projects.scoring.queries import ScoreRow
from services.projects.scoring.schemas import DeductionView, MeritView, SchemesView, ScoreView
from services.projects.scoring.service import in_force


def schemes_view(
    deductions: Sequence[ScoreScheme], merits: Sequence[MeritScheme], now: datetime
) -> SchemesView:
    """All versions, and which are in force now."""
    return SchemesView(
        deduction=[DeductionView.model_validate(one) for one in deductions],
        merit=[MeritView.model_validate(one) for one in merits],
        deduction_in_force=in_force(deductions, now),
        merit_in_force=in_force(merits, now),
    )


def score_view(row: ScoreRow) -> ScoreView:
    """A unit's line of a signed report; that of a day has neither points by merit nor peers."""
    named = {name: getattr(row, name) for name in ScoreRow._fields if name != "line"}
    of_line = ScoreView.model_fields.keys() - named.keys()
    return ScoreView(**named, **{name: row.line.get(name) for name in of_line})
