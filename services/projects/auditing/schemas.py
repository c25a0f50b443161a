"""What the audit shows."""

from services.projects.auditing.models import Reason
from shared.web.models import Words


class ReasonView(Words):
    """Why, in both languages."""

    code: Reason
