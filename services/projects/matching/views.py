"""Matches as the API shows them."""

from services.projects.matching.explaining import MatchFacts, explain
from services.projects.matching.models import MatchState, ReviewReason, method_of
from services.projects.matching.queries import MatchRow
from services.projects.matching.schemas import (
    MatchedDuty,
    MatchedPage,
    MatchReasonView,
    MatchView,
)


def match_view(row: MatchRow) -> MatchView:
    """The match with its page and its duty, each under its own id."""
    columns = row._asdict()
    is_refused = row.is_refused or row.reason is ReviewReason.CLAIM_REFUSED
    columns |= {"reason": _reason(row), "claim_refused": is_refused, "because": _because(row)}
    columns |= {"method": method_of(row.method, row.score)}
    page = {name: columns[name] for name in MatchedPage.model_fields if name != "id"}
    duty = {name: columns[name] for name in MatchedDuty.model_fields if name != "id"}
    own = {name: columns[name] for name in MatchView.model_fields if name not in ("page", "duty")}
    return MatchView(
        **own,
        page=MatchedPage(id=row.page_id, **page),
        duty=MatchedDuty(id=row.duty_id, **duty),
    )


def _because(row: MatchRow) -> list[MatchReasonView]:
    known = row._asdict() | {"reason": _reason(row)}
    found = explain(MatchFacts(**{name: known[name] for name in MatchFacts._fields}))
    return [MatchReasonView(rule=rule, zh=text.zh, en=text.en) for rule, text in found]


def _reason(row: MatchRow) -> ReviewReason | None:
    """That it cannot be read comes before why it was accepted, as long as a person is to say what
    became of it; afterwards what a person refused of it comes first.
    """
    if row.unreadable_since is not None and row.reason is not ReviewReason.MAKES_WITHDRAWN:
        return ReviewReason.PAGE_UNREADABLE
    is_confirmed = row.state is MatchState.ACCEPTED and row.reason is ReviewReason.PAGE_UNREADABLE
    return ReviewReason.CLAIM_REFUSED if is_confirmed and row.is_refused else row.reason
