"""What the rows that are loaded are like: as a row of the demo, but for what is said here.

SQL of a column may use `n`, the new row's number from 1, and `:many`, how many there will be.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

DAYS = 1095
"""So many days back the rows are spread over, evenly."""


class Grown(NamedTuple):
    """`columns` are SQL of the new row's number `n` (from 1), of `many`, and of the model `t`;
    `model` chooses the model, `each` says how many rows there are for one of `many`, `only` which
    of these.
    """

    table: str
    columns: Mapping[str, str]
    model: str = "true"
    each: str = "1"
    only: str = "true"


WHEN = f"now() - interval '1 minute' * (1440.0 * {DAYS} * (1 - n::float8 / :many))"
ID = "('01900000-' || {kind} || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"


def _id(kind: str) -> str:
    """The id of row n of a kind, four hexadecimal digits, so that others can refer to it."""
    return ID.format(kind=f"'{kind}'")


LETTER, CLOCK, REPLY = _id("aaaa"), _id("aaab"), _id("aaac")
SERVICE, INVITATION, RATING = _id("aaad"), _id("aaae"), _id("aaaf")
_BAD = "n % 10 = 0"
_MEMBER = "(ARRAY[{}])[1 + n % {}]"


def _one_of(*values: str) -> str:
    return _MEMBER.format(", ".join(f"'{value}'" for value in values), len(values))


_DEPARTMENT = (
    "(SELECT (array_agg(code ORDER BY code))[1 + n % count(*)::int] FROM department"
    " WHERE code NOT LIKE '\\_%')"
)
_KIND = _one_of("consultation", "help", "suggestion", "complaint", "help", "consultation")
_OPEN = "n > :many * 0.97"
"""The latest letters wait for their answer."""
_ANSWERED = f"NOT {_OPEN}"

FEEDBACK: Sequence[Grown] = (
    Grown(
        "letter",
        {
            "id": LETTER,
            "reg_no": "'GROWN-' || n",
            "title_sealed": "($3::text[])[1 + n - $1]",
            "body_sealed": "($4::text[])[1 + n - $1]",
            "place_sealed": "NULL",
            "name_sealed": "NULL",
            "phone_sealed": "NULL",
            "kind": _KIND,
            "channel": _one_of("web", "app", "phone"),
            "state": f"CASE WHEN {_OPEN} THEN 'handling' ELSE 'closed' END",
            "received_at": WHEN,
            "department_code": _DEPARTMENT,
            "accused": "'{}'",
            "merged_into": "NULL",
            "reopened": "0",
            "replied_at": f"CASE WHEN NOT {_OPEN} THEN {WHEN} + interval '1 hour' * (n % 700) END",
            "closed_at": f"CASE WHEN NOT {_OPEN} THEN {WHEN} + interval '31 days' END",
            "sketch": "ARRAY[n]",
            "account_index": "'grown-' || n % 50000",
            "contact_index": "'grown-' || n % 50000",
        },
        model="state <> 'merged'",
    ),
    Grown(
        "letter_transition",
        {
            "id": "uuidv7()",
            "letter_id": LETTER,
            "version": "2",
            "action": "'register'",
            "from_state": "'received'",
            "to_state": "'registered'",
            "at": WHEN,
        },
    ),
    Grown(
        "letter_reply",
        {
            "id": REPLY,
            "letter_id": LETTER,
            "author": "'grown'",
            "submitted_at": f"{WHEN} + interval '1 hour' * (n % 700)",
        },
        only=_ANSWERED,
    ),
    Grown(
        "reply_approval",
        {
            "reply_id": REPLY,
            "author": "'grown'",
            "approved_by": "'another'",
            "approved_at": f"{WHEN} + interval '1 hour' * (n % 700)",
        },
        only=_ANSWERED,
    ),
    Grown(
        "deadline",
        {
            "id": CLOCK,
            "subject_kind": "'letter'",
            "subject_id": LETTER,
            "kind": f"'reply_' || {_KIND}",
            "department_code": _DEPARTMENT,
            "state": f"CASE WHEN {_OPEN} THEN 'running' ELSE 'met' END",
            "met_at": f"CASE WHEN NOT {_OPEN} THEN {WHEN} + interval '1 hour' * (n % 700) END",
            "paused_on": "NULL",
            "provisional": "false",
            "breached_at": "NULL",
            "base_on": f"({WHEN})::date",
            "due_on": f"({WHEN})::date + 30",
            "due_at": f"({WHEN})::date + interval '31 days'",
            "original_due_on": f"({WHEN})::date + 30",
            "started_at": WHEN,
        },
    ),
    Grown(
        "letter_rating",
        {
            "letter_id": LETTER,
            "answer_no": "1",
            "reply_id": REPLY,
            "grade": _one_of("satisfied", "very_satisfied", "dissatisfied"),
            "at": f"{WHEN} + interval '30 days'",
        },
        only=_ANSWERED,
    ),
    Grown(
        "service_event",
        {
            "id": SERVICE,
            "case_id": "gen_random_uuid()",
            "hall_code": "'H00' || n % 9",
            "version": "0",
            "department_code": _DEPARTMENT,
            "item_code": "'ITEM-' || n % 200",
            "finished_at": WHEN,
        },
    ),
    Grown(
        "rating_invitation",
        {
            "id": INVITATION,
            "service_event_id": SERVICE,
            "stage": "'finished'",
            "state": "'rated'",
            "invited_at": WHEN,
            "expires_at": f"{WHEN} + interval '7 days'",
        },
    ),
    Grown(
        "rating",
        {
            "id": RATING,
            "invitation_id": INVITATION,
            "service_event_id": SERVICE,
            "stage": "'finished'",
            "case_id": "gen_random_uuid()",
            "hall_code": "'H00' || n % 9",
            "tags": "'[]'",
            "version": "1",
            "is_complex": "false",
            "department_code": _DEPARTMENT,
            "grade": f"CASE WHEN {_BAD} THEN 'dissatisfied' ELSE 'satisfied' END",
            "state": f"CASE WHEN {_BAD} THEN 'satisfied_closed' ELSE 'rated_good' END",
            "rated_at": f"{WHEN} + interval '2 hours'",
            "supervision_order_id": "NULL",
            "round": "0",
        },
    ),
)
GROWN = {"feedback": FEEDBACK}
"""Of halls a year is lived instead: `year`."""
