"""What the audit shows."""

from services.projects.auditing.models import Reason
from shared.web.models import View


class ReasonView(View):
    """Why, in both languages."""

    code: Reason
    zh: str
    en: str
