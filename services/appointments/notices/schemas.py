"""What is handed to the gateway, and to nobody else."""

from uuid import UUID

from shared.web.models import View


class HandoverView(View):
    """Whether a notice still holds, for whom it is, and what it is about.

    Without an account and a phone there is nobody who could be reached.
    """

    applies: bool
    account_id: UUID | None = None
    phone: str | None = None
    facts: dict[str, str | None] = {}
