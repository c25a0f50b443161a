"""tickets of a person

Revision ID: tickets_of_a_person
Revises: visits_and_places
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "tickets_of_a_person"
down_revision: str | Sequence[str] | None = "visits_and_places"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# An instance of the release before writes whose account it is and by which appointment, not the
# key: until none is left, the database writes it as `people.rules` has it. The release after this
# one drops the trigger.
_NAME = """
CREATE FUNCTION name_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own record;
BEGIN
  SELECT a.citizen_key, a.person_document, a.person_phone INTO own
    FROM appointment a WHERE a.id = NEW.appointment_id;
  IF FOUND THEN
    NEW.citizen_key := own.citizen_key;
    NEW.person_document := own.person_document;
    NEW.person_phone := own.person_phone;
  END IF;
  NEW.citizen_key := coalesce(NEW.citizen_key, 'sub:' || NEW.owner);
  RETURN NEW;
END $$
"""
_NAMED = """
CREATE TRIGGER named BEFORE INSERT ON ticket FOR EACH ROW
WHEN (NEW.citizen_key IS NULL AND (NEW.owner IS NOT NULL OR NEW.appointment_id IS NOT NULL))
EXECUTE FUNCTION name_ticket()
"""


def upgrade() -> None:
    """A ticket names its person as an appointment does: by one rule it is theirs to see.

    Everybody waits for this one, so it reads no rows; `old_tickets_named` does.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("ticket", sa.Column("citizen_key", sa.String(140), nullable=True))
    op.execute(_NAME)
    op.execute(_NAMED)


def downgrade() -> None:
    """A ticket is found by its account and its appointment."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER named ON ticket")
    op.execute("DROP FUNCTION name_ticket()")
    op.drop_column("ticket", "citizen_key")
