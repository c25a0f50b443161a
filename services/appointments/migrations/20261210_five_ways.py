"""consultations, follow-ups of finished cases, visits and outreach events

Revision ID: five_ways
Revises: what_a_person_went_by
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "five_ways"
down_revision: str | Sequence[str] | None = "what_a_person_went_by"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT, _CODE, _WHO = sa.DateTime(timezone=True), sa.String(length=32), sa.String(length=128)
_TEXTS = postgresql.ARRAY(sa.Text())
_JSON = postgresql.JSONB(astext_type=sa.Text())
_OUTREACH = ("outreach_registration", "outreach_event", "outreach_visit")
_POLICY = ("consultations", "followups", "outreach")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name in _POLICY:
        op.add_column(
            "booking_policy",
            sa.Column(name, _JSON, nullable=False, server_default=sa.text("'{}'")),
        )
    _make_consultations()
    _make_followups()
    _make_outreach()


def downgrade() -> None:
    for table in _OUTREACH:
        op.drop_table(table)
    for table in ("followup", "questionnaire", "consulted_department", "consultation"):
        op.drop_table(table)
    for name in reversed(_POLICY):
        op.drop_column("booking_policy", name)


def _make_consultations() -> None:
    op.create_table(
        "consultation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", _CODE, nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("lead_department_code", _CODE, nullable=False),
        sa.Column("title_sealed", sa.String(), nullable=False),
        sa.Column("question_sealed", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("opinion_days", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("escalate_days", sa.Integer(), nullable=False),
        sa.Column("opened_by", _WHO, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("base_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("escalate_on", sa.Date(), nullable=True),
        sa.Column("sessions", _JSON, nullable=False),
        sa.Column("answer_sealed", sa.String(), nullable=True),
        sa.Column("silent", _JSON, nullable=False),
        sa.Column("reason_sealed", sa.String(), nullable=True),
        sa.Column("ended_by", _WHO, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'ready', 'escalated', 'answered', 'withdrawn')",
            name=op.f("ck_consultation_state_known"),
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name=op.f("ck_consultation_level_known")),
        sa.CheckConstraint(
            "(state = 'answered') = (answer_sealed IS NOT NULL)",
            name=op.f("ck_consultation_answered_has_an_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_consultation_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index("ix_consultation_hall", "consultation", ["hall_code", "id"])
    op.create_index("ix_consultation_state", "consultation", ["state", "id"])
    op.create_index("ix_consultation_lead", "consultation", ["lead_department_code", "id"])
    op.create_index(
        "ix_consultation_live",
        "consultation",
        ["due_on"],
        postgresql_where=sa.text("state IN ('open', 'ready', 'escalated')"),
    )
    op.create_table(
        "consulted_department",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("department_code", _CODE, nullable=False),
        sa.Column("invited_by", _WHO, nullable=False),
        sa.Column("invited_at", _MOMENT, nullable=False),
        sa.Column("base_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("stance", _CODE, nullable=True),
        sa.Column("opinion_sealed", sa.String(), nullable=True),
        sa.Column("opined_by", _WHO, nullable=True),
        sa.Column("opined_at", _MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(opinion_sealed IS NULL) = (stance IS NULL)"
            " AND (opinion_sealed IS NULL) = (opined_at IS NULL)",
            name=op.f("ck_consulted_department_opinion_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consulted_department_consultation_id_consultation"),
        ),
        sa.PrimaryKeyConstraint(
            "consultation_id", "department_code", name=op.f("pk_consulted_department")
        ),
    )
    op.create_index(
        "ix_consulted_department_code",
        "consulted_department",
        ["department_code", "consultation_id"],
    )


def _make_followups() -> None:
    op.create_table(
        "questionnaire",
        sa.Column("code", _CODE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("published_by", _WHO, nullable=False),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_questionnaire")),
    )
    op.create_table(
        "followup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("hall_code", _CODE, nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("department_code", _CODE, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=False),
        sa.Column("served_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("questionnaire_code", _CODE, nullable=False),
        sa.Column("questionnaire_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("invited_by", _WHO, nullable=False),
        sa.Column("invited_at", _MOMENT, nullable=False),
        sa.Column("base_on", sa.Date(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("last_called_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=True),
        sa.Column("answers", _JSON, nullable=False),
        sa.Column("remarks_sealed", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("is_bad", sa.Boolean(), nullable=True),
        sa.Column("answered_by", _WHO, nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("rectified_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('invited', 'answered', 'declined', 'unreachable', 'expired')",
            name=op.f("ck_followup_state_known"),
        ),
        sa.CheckConstraint("calls BETWEEN 0 AND 3", name=op.f("ck_followup_calls_are_few")),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)"
            " AND (answered_at IS NULL) = (is_bad IS NULL)",
            name=op.f("ck_followup_answered_is_whole"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup")),
        sa.UniqueConstraint("case_id", name=op.f("uq_followup_case_id")),
    )
    op.create_index("ix_followup_hall", "followup", ["hall_code", "id"])
    op.create_index("ix_followup_department", "followup", ["department_code", "id"])
    op.create_index("ix_followup_finished", "followup", ["hall_code", "finished_at"])
    op.create_index(
        "ix_followup_invited",
        "followup",
        ["due_on"],
        postgresql_where=sa.text("state = 'invited'"),
    )


def _make_outreach() -> None:
    _make_visits()
    op.create_table(
        "outreach_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", _CODE, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("item_codes", _TEXTS, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("closes_at", _MOMENT, nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("leaves_at", _MOMENT, nullable=True),
        sa.Column("travellers", _TEXTS, nullable=False),
        sa.Column("carries", _TEXTS, nullable=False),
        sa.Column("served", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=True),
        sa.Column("announced_by", _WHO, nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('announced', 'cancelled', 'finished')",
            name=op.f("ck_outreach_event_state_known"),
        ),
        sa.CheckConstraint(
            "taken BETWEEN 0 AND places", name=op.f("ck_outreach_event_taken_within_places")
        ),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_outreach_event_starts_before_it_ends")
        ),
        sa.CheckConstraint(
            "closes_at <= starts_at", name=op.f("ck_outreach_event_closes_before_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_outreach_event_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_event")),
    )
    op.create_index("ix_outreach_event_coming", "outreach_event", ["ends_at", "id"])
    op.create_index("ix_outreach_event_hall", "outreach_event", ["hall_code", "ends_at", "id"])
    _make_registrations()


def _make_visits() -> None:
    op.create_table(
        "outreach_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", _CODE, nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("owner", _WHO, nullable=True),
        sa.Column("requester_kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=False),
        sa.Column("address_sealed", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.String(), nullable=True),
        sa.Column("wanted_from", sa.Date(), nullable=True),
        sa.Column("wanted_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("requested_by", _WHO, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("decide_days", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("late_at", _MOMENT, nullable=True),
        sa.Column("leaves_at", _MOMENT, nullable=True),
        sa.Column("starts_at", _MOMENT, nullable=True),
        sa.Column("travellers", _TEXTS, nullable=False),
        sa.Column("carries", _TEXTS, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("words_sealed", sa.String(), nullable=True),
        sa.Column("ended_by", _WHO, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'planned', 'refused', 'cancelled', 'done')",
            name=op.f("ck_outreach_visit_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'done') = (outcome IS NOT NULL)",
            name=op.f("ck_outreach_visit_done_has_an_outcome"),
        ),
        sa.CheckConstraint(
            "state <> 'planned' OR starts_at IS NOT NULL",
            name=op.f("ck_outreach_visit_planned_has_a_time"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_outreach_visit_hall_code_hall")
        ),
        sa.ForeignKeyConstraint(
            ["item_code"], ["item.code"], name=op.f("fk_outreach_visit_item_code_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_visit")),
    )
    op.create_index("ix_outreach_visit_hall", "outreach_visit", ["hall_code", "id"])
    op.create_index("ix_outreach_visit_owner", "outreach_visit", ["owner", "id"])
    op.create_index(
        "ix_outreach_visit_waiting",
        "outreach_visit",
        ["due_on"],
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index(
        "uq_outreach_visit_live",
        "outreach_visit",
        ["owner", "hall_code", "item_code"],
        unique=True,
        postgresql_where=sa.text("owner IS NOT NULL AND state IN ('requested', 'planned')"),
    )


def _make_registrations() -> None:
    op.create_table(
        "outreach_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("owner", _WHO, nullable=True),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("registered_by", _WHO, nullable=False),
        sa.Column("registered_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('registered', 'cancelled', 'attended')",
            name=op.f("ck_outreach_registration_state_known"),
        ),
        sa.CheckConstraint(
            "people BETWEEN 1 AND 5", name=op.f("ck_outreach_registration_a_few_people")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["outreach_event.id"],
            name=op.f("fk_outreach_registration_event_id_outreach_event"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_registration")),
    )
    op.create_index(
        "uq_outreach_registration_live",
        "outreach_registration",
        ["event_id", "phone_index"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_index("ix_outreach_registration_event", "outreach_registration", ["event_id", "id"])
    op.create_index("ix_outreach_registration_owner", "outreach_registration", ["owner", "id"])
