"""what was done about letters, what was answered and who approved it is append only

Revision ID: append_only_letters
Revises: append_only_handling
Create Date: 2026-11-23 08:55:00
"""

from collections.abc import Sequence

from shared.database import append_only

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
    append_only.protect(*HISTORIES)
    append_only.protect("letter", name="original_is_immutable", changes=f"UPDATE OF {ORIGINAL}")


def downgrade() -> None:
    append_only.release("letter", name="original_is_immutable")
    append_only.release(*HISTORIES)
