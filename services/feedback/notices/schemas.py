"""What is handed to the gateway, and to nobody else."""

from uuid import UUID

from shared.web.models import View


class HandoverView(View):
    """Whether a notice still holds, by which phone its sender is reached, and what it is about.

    Never an account: of a letter that was written with one a digest alone is known.
    """

    applies: bool
    account_id: UUID | None = None
    phone: str | None = None
    facts: dict[str, str | None] = {}
