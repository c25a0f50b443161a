"""further editions of a redaction, public figures of closed months, limits of accusations apart

Revision ID: editions_and_closed_months
Revises: sender_states_checked
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "editions_and_closed_months"
down_revision: str | Sequence[str] | None = "sender_states_checked"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_APART = """
UPDATE deadline d SET department_code = '{to}' FROM letter l
WHERE d.subject_kind = 'letter' AND d.subject_id = l.id AND l.kind = 'accusation'
  AND d.department_code = '{of}'
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "redaction", sa.Column("edition", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column("redaction", sa.Column("taken_down_reason_sealed", sa.String(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_redaction_reply_id_edition"), "redaction", ["reply_id", "edition"]
    )
    op.drop_constraint(op.f("uq_redaction_reply_id"), "redaction", type_="unique")
    op.create_check_constraint(
        op.f("ck_redaction_a_reason_takes_it_down"),
        "redaction",
        "state = 'taken_down' OR taken_down_reason_sealed IS NULL",
    )
    op.execute(_APART.format(to="_accusation", of="_"))


def downgrade() -> None:
    """Refused by the old constraint while a reply has a second edition: that is not to be lost."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(_APART.format(to="_", of="_accusation"))
    op.drop_constraint(op.f("ck_redaction_a_reason_takes_it_down"), "redaction", type_="check")
    op.drop_constraint(op.f("uq_redaction_reply_id_edition"), "redaction", type_="unique")
    op.create_unique_constraint(op.f("uq_redaction_reply_id"), "redaction", ["reply_id"])
    op.drop_column("redaction", "taken_down_reason_sealed")
    op.drop_column("redaction", "edition")
