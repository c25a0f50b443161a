"""files of pages, with what was read of them, or why a person has to read them

Revision ID: attachments
Revises: parts_of_lists
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "attachments"
down_revision: str | Sequence[str] | None = "parts_of_lists"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OF = (
    ("evidence_id", "capture"),
    ("page_id", "portal_page"),
    ("portal_id", "portal"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portal_id", sa.String(40), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(800), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("fault", sa.String(16), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("text_sha256", sa.String(64), nullable=True),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("letters >= 0", name=op.f("ck_attachment_letters_not_negative")),
        sa.CheckConstraint(
            "text_sha256 IS NOT NULL OR fault IS NOT NULL", name=op.f("ck_attachment_read_or_not")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_attachment_{column}_{table}")
            )
            for column, table in _OF
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("page_id", "url", name=op.f("uq_attachment_page_id_url")),
    )
    op.create_index(op.f("ix_attachment_portal_id"), "attachment", ["portal_id"])
    op.create_index(
        "ix_attachment_for_persons",
        "attachment",
        ["id"],
        postgresql_where=sa.text("fault IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("attachment")
