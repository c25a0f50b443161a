"""what was said of people is found by when its term begins, to be forgotten

Revision ID: words_are_forgotten
Revises: left_out_before
Create Date: 2026-12-15

"""

from collections.abc import Sequence

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "words_are_forgotten"
down_revision: str | Sequence[str] | None = "left_out_before"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = (
    NewIndex("ix_appointment_reason", "appointment", ["starts_at"], "reason_sealed IS NOT NULL"),
    NewIndex(
        "ix_penalty_words",
        "penalty",
        ["blocked_until"],
        "appeal_sealed IS NOT NULL OR lift_reason_sealed IS NOT NULL",
    ),
    NewIndex(
        "ix_pre_check_words",
        "pre_check",
        ["submitted_at"],
        "note_sealed IS NOT NULL OR answer_sealed IS NOT NULL",
    ),
    NewIndex("ix_deferral_reason", "deferral", ["settled_at"], "reason_sealed IS NOT NULL"),
    NewIndex("ix_followup_remarks", "followup", ["answered_at"], "remarks_sealed IS NOT NULL"),
    NewIndex("ix_outreach_visit_words", "outreach_visit", ["ended_at"], "words_sealed IS NOT NULL"),
    NewIndex("ix_consultation_ended", "consultation", ["ended_at"], "ended_at IS NOT NULL"),
    NewIndex("ix_alarm_text", "alarm", ["resolved_at"], "text_sealed IS NOT NULL"),
)


def upgrade() -> None:
    indexes.make(*_INDEXES)


def downgrade() -> None:
    indexes.drop(*_INDEXES)
