"""Orders as the API shows them."""

from collections.abc import Sequence
from datetime import date

from services.projects.rectification import rules
from services.projects.rectification.models import Closing, RectificationOrder
from services.projects.rectification.queries import RectificationRow, RectificationStepRow
from services.projects.rectification.schemas import (
    RecaptureView,
    RectificationDetail,
    RectificationProof,
    RectificationReplied,
    RectificationStepView,
    RectificationView,
    RepliedPage,
)
from shared.web.pagination import Page, PageRequest, page

_OF_ORDER = RectificationView.model_fields.keys() & RectificationOrder.model_fields.keys()
_OF_ROW = RectificationView.model_fields.keys() & set(RectificationRow._fields)


def rectification_view(row: RectificationRow, today: date) -> RectificationView:
    """An order, and whether its term is over on `today`."""
    return RectificationView(**_fields(row, today))


def replied(row: RectificationRow, today: date) -> RectificationReplied:
    """The same with what will become of the address that was just named."""
    planned = row.recapture
    recapture = planned and RecaptureView(
        portal_id=planned.portal_id, zh=planned.words.zh, en=planned.words.en
    )
    return RectificationReplied(**_fields(row, today), recapture=recapture)


def listed(
    rows: Sequence[RectificationRow], paging: PageRequest, today: date
) -> Page[RectificationView]:
    """A page of orders by their last day; those whose day is not known are the last ones."""
    return page(
        rows,
        paging,
        lambda row: (row.order.due_on or date.max, row.order.id),
        lambda row: rectification_view(row, today),
    )


def detail(
    row: RectificationRow, steps: Sequence[RectificationStepRow], today: date
) -> RectificationDetail:
    """The same with all that was done to it."""
    lines = [RectificationStepView(**{**step._asdict(), "page": _page(step)}) for step in steps]
    return RectificationDetail(**_fields(row, today), steps=lines)


def _page(step: RectificationStepRow) -> RepliedPage | None:
    return None if step.page is None else RepliedPage(**step.page)


def _fields(row: RectificationRow, today: date) -> dict[str, object]:
    order = row.order
    return {
        **{name: getattr(order, name) for name in _OF_ORDER},
        **{name: getattr(row, name) for name in _OF_ROW},
        "overdue": rules.is_overdue(order, today),
        "review_overdue": rules.is_review_overdue(order, today),
        "rectified": order.closing is Closing.PROOF and row.proof_counts,
        "proof": _proof(row),
    }


def _proof(row: RectificationRow) -> RectificationProof | None:
    if row.order.proof_fact_id is None or row.proof_url is None or row.proof_at is None:
        return None
    if not row.proof_counts:
        return None
    return RectificationProof(
        fact_id=row.order.proof_fact_id,
        url=row.proof_url,
        observed_at=row.proof_at,
        evidence_id=row.proof_evidence_id,
    )
