"""count the public's figures of letters anew; what a letter that waits says of its anonymity

What the figures showed until now gave the answered accusations as those of no department. What is
known by that stays known; it is shown no longer.

Revision ID: letters_put_right
Revises: audit_log_only_grows
Create Date: 2026-12-05

"""

from collections.abc import Sequence

from alembic import op

revision: str = "letters_put_right"
down_revision: str | Sequence[str] | None = "audit_log_only_grows"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DELETE FROM public_figures WHERE topic = 'letters'")


def downgrade() -> None:
    """A month without figures is counted when it is next asked for."""
