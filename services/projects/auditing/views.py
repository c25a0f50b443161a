"""Reasons as the API gives them."""

from services.projects.auditing.models import Reason
from services.projects.auditing.rules.judging import reason_text
from services.projects.auditing.schemas import ReasonView


def reason_view(reason: str) -> ReasonView:
    """The reason in both languages."""
    text = reason_text(reason)
    return ReasonView(code=Reason(reason), zh=text.zh, en=text.en)
