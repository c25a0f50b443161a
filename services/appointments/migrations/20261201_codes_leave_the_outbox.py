"""codes leave the outbox

Revision ID: codes_leave_the_outbox
Revises: tickets_of_a_person
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "codes_leave_the_outbox"
down_revision: str | Sequence[str] | None = "tickets_of_a_person"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# An appointment's code checks in and cancels. Events do not carry it any more; those that were
# recorded before are kept for weeks, and would be published again as they are. A stream lets nobody
# take a message off it: whoever cannot wait until the old ones have aged out removes the stream
# APPOINTMENTS and runs `make rebuild-streams`, which fills it from the rows as they are now.
STEP = sa.text("""
WITH next AS (
    SELECT position, body FROM outbox WHERE position > :after ORDER BY position LIMIT 5000
), cleaned AS (
    UPDATE outbox o
       SET body = convert_to(
           (convert_from(n.body, 'UTF8')::jsonb #- '{data,code}' #- '{data,new_code}')::text,
           'UTF8')
      FROM next n
     WHERE o.position = n.position AND o.subject LIKE 'appointments.appointment.%'
       AND (position('"code"'::bytea IN n.body) > 0
            OR position('"new_code"'::bytea IN n.body) > 0)
)
SELECT max(position) FROM next
""")

# An instance of the release before goes on recording codes while it runs; they leave before the
# relay sees them. The release after this one drops the trigger.
_STRIP = """
CREATE OR REPLACE FUNCTION strip_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.body := convert_to(
    (convert_from(NEW.body, 'UTF8')::jsonb #- '{data,code}' #- '{data,new_code}')::text, 'UTF8');
  RETURN NEW;
END $$
"""
_STRIPPED = """
CREATE OR REPLACE TRIGGER code_stripped BEFORE INSERT ON outbox FOR EACH ROW
WHEN (NEW.subject LIKE 'appointments.appointment.%'
  AND (position('"code"'::bytea IN NEW.body) > 0 OR position('"new_code"'::bytea IN NEW.body) > 0))
EXECUTE FUNCTION strip_code()
"""


def upgrade() -> None:
    """Some thousand rows at a time, for the relay locks the same rows. It can be run again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_STRIP)
    op.execute(_STRIPPED)
    with op.get_context().autocommit_block():
        connection, after = op.get_bind(), 0
        while after is not None:
            after = connection.execute(STEP, {"after": after}).scalar_one()


def downgrade() -> None:
    """A code that is gone from an event stays gone."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER code_stripped ON outbox")
    op.execute("DROP FUNCTION strip_code()")
