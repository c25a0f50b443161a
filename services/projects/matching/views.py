"""Matches as the API shows them."""

from services.projects.matching.models import ReviewReason
from services.projects.matching.queries import MatchRow
from services.projects.matching.schemas import MatchedDuty, MatchedPage, MatchView


def match_view(row: MatchRow) -> MatchView:
    """The match with its page and its duty, each under its own id."""
    columns = row._asdict()
    # That it cannot be read comes before why it was accepted.
    if row.unreadable_since is not None and row.reason is not ReviewReason.MAKES_WITHDRAWN:
        columns["reason"] = ReviewReason.PAGE_UNREADABLE
    page = {name: columns[name] for name in MatchedPage.model_fields if name != "id"}
    duty = {name: columns[name] for name in MatchedDuty.model_fields if name != "id"}
    own = {name: columns[name] for name in MatchView.model_fields if name not in ("page", "duty")}
    return MatchView(
        **own,
        page=MatchedPage(id=row.page_id, **page),
        duty=MatchedDuty(id=row.duty_id, **duty),
    )
