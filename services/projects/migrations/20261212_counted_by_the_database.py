"""what all verdicts go by is counted by the database, and a duty of which an absence was set aside
is judged without it again, whichever release writes

Revision ID: counted_by_the_database
Revises: judging_basis
Create Date: 2026-12-12

"""

from collections.abc import Sequence

from alembic import op

revision: str = "counted_by_the_database"
down_revision: str | Sequence[str] | None = "judging_basis"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BODIES = {
    "count_basis": "UPDATE judging_basis SET version = version + 1; RETURN NULL;",
    # Who sets ordinals right after a notice leaves the version of what is judged by them.
    "count_standing": "NEW.version := NEW.version + 1; RETURN NEW;",
    # Whoever judges it without what was set aside says so in the same transaction.
    "judge_without_again": (
        "UPDATE absence_set_aside x SET is_judged = false FROM written w"
        " WHERE x.duty_id = w.duty_id AND x.is_judged; RETURN NULL;"
    ),
}
WRITTEN = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
TRIGGERS = (
    ("basis_of_walks", "full_walk", "AFTER INSERT", "FOR EACH STATEMENT", "count_basis"),
    (
        "basis_of_days",
        "work_calendar",
        "AFTER INSERT OR UPDATE OR DELETE",
        "FOR EACH STATEMENT",
        "count_basis",
    ),
    (
        "ordinals_set_right",
        "standing",
        "BEFORE UPDATE OF due_ord, seen_ord, absent_ord, claim_ord",
        "FOR EACH ROW WHEN (NEW.version = OLD.version)",
        "count_standing",
    ),
    ("publication_new", "publication", "AFTER INSERT", WRITTEN, "judge_without_again"),
    ("publication_changed", "publication", "AFTER UPDATE", WRITTEN, "judge_without_again"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_index("ix_absence_set_aside_duty_id", "absence_set_aside", ["duty_id"])
    for name, body in BODIES.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
    for name, table, occasion, scope, function in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} {occasion} ON {table} {scope} EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name, table, *_ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in BODIES:
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_absence_set_aside_duty_id", table_name="absence_set_aside")
