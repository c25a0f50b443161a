"""Until when what was said of people is kept, by column, and the SQL that forgets it then.

It never goes that somebody was there. Each statement forgets of BATCH rows at the most, by an index
of those that have something to forget.
"""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import TextClause, text

from services.appointments.booking.workflow import LIVE
from services.appointments.waitlist.models import WaitlistState
from shared.database.transitions import listed

BATCH = 500
HALF_YEAR = timedelta(days=180)
"""For an appeal, a return call, a complaint: no longer than the purpose needs (个人信息保护法 art.
19); six months are for going to court about what an office did (行政诉讼法 art. 46)."""
QUARTER = timedelta(days=90)
THREE_YEARS = timedelta(days=3 * 366)
"""Whoever was hurt may ask for damages so long (民法典 art. 188)."""
TEN_YEARS = timedelta(days=10 * 366)
"""What an office decided is a record of the shorter term (国家档案局令第8号)."""


class Term(NamedTuple):
    """Sealed columns (`table.column`) that are kept for so long after a moment of their row, and
    what forgets them: `:before` is the latest such moment, `:now` the present one."""

    columns: tuple[str, ...]
    kept: timedelta
    sql: TextClause


def _of(table: str, *columns: str) -> tuple[str, ...]:
    return tuple(f"{table}.{column}" for column in columns)


def _emptied(
    table: str, columns: tuple[str, ...], since: str, kept: timedelta, also: str = "true"
) -> Term:
    """The cells go. `since`: the moment that the term is counted from, an expression of `t`."""
    known = " OR ".join(f"t.{name} IS NOT NULL" for name in columns)
    sql = f"""
UPDATE {table} SET {", ".join(f"{name} = NULL" for name in columns)} WHERE id = ANY(ARRAY(
  SELECT t.id FROM {table} t WHERE ({known}) AND {since} < :before AND {also}
  ORDER BY {since} LIMIT {BATCH}))
RETURNING 1"""
    return Term(_of(table, *columns), kept, text(sql))


_BARRED = "SELECT FROM penalty p WHERE p.citizen_key = {key} AND p.blocked_until > :now"
_OVER = f"t.state NOT IN ({listed(LIVE)})"
_NOT_BARRED = f"NOT EXISTS ({_BARRED.format(key='t.citizen_key')})"
_VISIT = ("name_sealed", "phone_sealed", "address_sealed", "note_sealed")
# Whoever books again meanwhile is met anew, by the same row: it is looked at once more when locked.
_PEOPLE = text(f"""
DELETE FROM citizen c WHERE c.updated_at < :before AND c.key = ANY(ARRAY(
  SELECT k.key FROM citizen k WHERE k.updated_at < :before
    AND NOT EXISTS (SELECT FROM appointment a WHERE a.citizen_key = k.key
      AND (a.starts_at >= :before OR a.state IN ({listed(LIVE)})))
    AND NOT EXISTS (SELECT FROM waitlist_entry w WHERE w.citizen_key = k.key
      AND w.state IN ({listed((WaitlistState.WAITING, WaitlistState.OFFERED))}))
    AND NOT EXISTS ({_BARRED.format(key="k.key")})
  ORDER BY k.updated_at LIMIT {BATCH}))
RETURNING 1""")
_REGISTRATIONS = text(f"""
DELETE FROM outreach_registration WHERE id = ANY(ARRAY(
  SELECT r.id FROM outreach_event e JOIN outreach_registration r ON r.event_id = e.id
  WHERE e.ends_at < :before LIMIT {BATCH}))
RETURNING 1""")
_FILES = text(f"""
DELETE FROM pre_check_file WHERE id = ANY(ARRAY(
  SELECT id FROM pre_check_file WHERE added_at < :before ORDER BY added_at LIMIT {BATCH}))
RETURNING 1""")
_CONSULTATIONS = text(f"""
WITH over AS (SELECT id FROM consultation WHERE ended_at < :before ORDER BY ended_at LIMIT {BATCH}),
asked AS (DELETE FROM consulted_department WHERE consultation_id IN (SELECT id FROM over))
DELETE FROM consultation WHERE id IN (SELECT id FROM over)
RETURNING 1""")

TERMS = (
    _emptied(
        "appointment", ("name_sealed", "phone_sealed"), "t.starts_at", HALF_YEAR,
        f"t.name_sealed IS NOT NULL AND {_OVER} AND {_NOT_BARRED}",
    ),
    _emptied("appointment", ("reason_sealed",), "t.starts_at", HALF_YEAR, _OVER),
    Term(
        _of("citizen", "name_sealed", "phone_sealed", "id_number_sealed"), HALF_YEAR, _PEOPLE
    ),
    _emptied("penalty", ("appeal_sealed", "lift_reason_sealed"), "t.blocked_until", HALF_YEAR),
    _emptied("pre_check", ("note_sealed", "answer_sealed"), "t.submitted_at", HALF_YEAR),
    Term(_of("pre_check_file", "content_sealed"), QUARTER, _FILES),
    _emptied("deferral", ("reason_sealed",), "t.settled_at", HALF_YEAR),
    _emptied("followup", ("remarks_sealed",), "t.answered_at", HALF_YEAR),
    _emptied("outreach_visit", _VISIT, "t.ended_at", HALF_YEAR, "t.name_sealed IS NOT NULL"),
    _emptied("outreach_visit", ("words_sealed",), "t.ended_at", HALF_YEAR),
    # Nobody noted what came of it, or answered at all: it is over once its day has gone by.
    _emptied(
        "outreach_visit", _VISIT,
        "coalesce(t.starts_at, greatest(t.due_on, t.wanted_to)::timestamptz)", HALF_YEAR,
        "t.ended_at IS NULL AND t.name_sealed IS NOT NULL",
    ),
    Term(
        _of("outreach_registration", "name_sealed", "phone_sealed"), HALF_YEAR, _REGISTRATIONS
    ),
    _emptied("alarm", ("text_sealed",), "t.resolved_at", THREE_YEARS),
    Term(
        _of("consultation", "title_sealed", "question_sealed", "answer_sealed", "reason_sealed")
        + _of("consulted_department", "opinion_sealed"),
        TEN_YEARS, _CONSULTATIONS,
    ),
)  # fmt: skip
