"""what the release before does not know stays unknown, or as it was

It opens windows and says nothing of accounts: whose it was before is not whose it is now. It lays
down policies and says nothing of the terms that came later: those go on as they were. And how many
come together, whoever joins the line for a release says from now on.

Revision ID: left_out_before
Revises: second_visit_reports
Create Date: 2026-12-15

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "left_out_before"
down_revision: str | Sequence[str] | None = "second_visit_reports"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Of two triggers the first by name comes first, and it comes only where the statement names the
# account; the second comes where it names the clerk. So the second knows who said both, though an
# account that several people use stays the same one.
_THIS_ONE = "NEW.window_id::text || ':' || NEW.version::text"
_NOTE_ACCOUNT = f"""
CREATE FUNCTION note_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('appointments.account_of', {_THIS_ONE}, true);
    RETURN NEW;
END $$"""
_FORGET_ACCOUNT = f"""
CREATE FUNCTION forget_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('appointments.account_of', true) IS DISTINCT FROM {_THIS_ONE} THEN
        NEW.account := NULL;
    END IF;
    RETURN NEW;
END $$"""
_TRIGGERS = (
    ("account_1_noted", "account", "note_account"),
    ("account_2_forgotten", "clerk", "forget_account"),
)

# What a release knows it writes with all its fields: without any it was left out.
_TERMS = ("caps", "consultations", "followups", "outreach", "releases", "floor", "assessments")
_LEFT_OUT = " OR ".join(f"NEW.{name} = '{{}}'" for name in _TERMS)
_AS_BEFORE = " ".join(
    f"IF NEW.{name} = '{{}}' THEN NEW.{name} := coalesce(former.{name}, '{{}}'); END IF;"
    for name in _TERMS
)
_KEEP_TERMS = f"""
CREATE FUNCTION keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE
    former booking_policy%ROWTYPE;
BEGIN
    SELECT * INTO former FROM booking_policy
    WHERE hall_code = NEW.hall_code AND version < NEW.version
    ORDER BY version DESC LIMIT 1;
    {_AS_BEFORE}
    RETURN NEW;
END $$"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("release_entry", sa.Column("persons", sa.Integer(), nullable=True))
    for function in (_NOTE_ACCOUNT, _FORGET_ACCOUNT, _KEEP_TERMS):
        op.execute(function)
    for name, column, function in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON window_at_work"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    op.execute(
        "CREATE TRIGGER keep_terms BEFORE INSERT ON booking_policy FOR EACH ROW"
        f" WHEN ({_LEFT_OUT}) EXECUTE FUNCTION keep_terms()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_terms ON booking_policy")
    for name, *_ in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON window_at_work")
    for function in ("keep_terms", "note_account", "forget_account"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_column("release_entry", "persons")
