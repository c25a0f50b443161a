"""what was done about letters, what was answered and who approved it is append only

Revision ID: append_only_letters
Revises: append_only_handling
Create Date: 2026-11-23 08:55:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "append_only_letters"
down_revision: str | Sequence[str] | None = "append_only_handling"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HISTORIES = (
    "letter_activity",
    "letter_rating",
    "letter_reply",
    "letter_supplement",
    "letter_transition",
    "redaction_approval",
    "reply_approval",
)

# What the sender wrote, when, and under which number never changes.
ORIGINAL = (
    "id, reg_no, channel, received_at, title_sealed, body_sealed, place_sealed, name_sealed,"
    " phone_sealed, contact_index, anonymity, code_hash"
)


def upgrade() -> None:
    for table in HISTORIES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        f"CREATE TRIGGER original_is_immutable BEFORE UPDATE OF {ORIGINAL} ON letter"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER original_is_immutable ON letter")
    for table in HISTORIES:
        op.execute(f"DROP TRIGGER append_only ON {table}")
