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
TICKET, BOOKED, SLOT = _id("bbbb"), _id("bbbc"), _id("bbbd")
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
_HALL = (
    "(SELECT (array_agg(code ORDER BY code))[1 + CASE WHEN {n} % 2 = 0 THEN 0"
    " ELSE {n} % count(*)::int END] FROM hall)"
)
"""Every other visit is to the first hall: it is the busy one."""
_VISIT = "((n - 1) / 3 + 1)"
_STEP = "(n - 1) % 3"
_STEPS = "(ARRAY[{}])[1 + (n - 1) % 3]"
_WHOSE = {"person_document": "NULL", "person_phone": "'grown-' || n % 50000"}
APPOINTMENTS: Sequence[Grown] = (
    Grown(
        "slot",
        {
            "id": SLOT,
            "starts_at": f"{WHEN} - interval '2 days'",
            "opens_at": f"{WHEN} - interval '9 days'",
            "closes_at": f"{WHEN} - interval '2 days'",
            "state": "'closed'",
        },
        each="0.1",
    ),
    Grown(
        "appointment",
        {
            "id": BOOKED,
            "code": "'G' || lpad(n::text, 9, '0')",
            "hall_code": _HALL.format(n="n"),
            "item_code": "'ITEM-' || n % 60",
            "pool": "'online'",
            "citizen_key": "'sub:grown-' || n % 50000",
            "booked_by": "'grown'",
            "minutes": "20",
            "version": "3",
            "guide_version": "1",
            "policy_version": "1",
            "calendar_base": "0",
            **_WHOSE,
            "on_date": f"({WHEN})::date",
            "starts_at": WHEN,
            "state": _one_of("served", "no_show", "cancelled", "served", "served"),
            "expires_at": "NULL",
            "held_at": f"{WHEN} - interval '3 days'",
            "changed_at": WHEN,
            "rescheduled_from": "NULL",
            "visit_id": "NULL",
            "resolved": "NULL",
        },
    ),
    Grown(
        "ticket",
        {
            "id": TICKET,
            "visit_id": TICKET,
            "hall_code": _HALL.format(n="n"),
            "service_day": f"({WHEN})::date",
            "number": "'G' || n % 1000000",
            "leg": "1 + n / 1000000",
            "item_code": "'ITEM-' || n % 60",
            "items": "ARRAY['ITEM-' || n % 60]",
            "ticket_class": "'walk_in'",
            "credit_minutes": "0",
            "policy_version": "1",
            "version": "3",
            "recalls": "0",
            "missing": "'[]'",
            "owner": "NULL",
            "citizen_key": "'sub:grown-' || n % 50000",
            **_WHOSE,
            "appointment_id": "NULL",
            "evidence_index": "NULL",
            "state": _one_of("done", "done", "abandoned", "closed"),
            "state_since": WHEN,
            "issued_at": WHEN,
            "ready_at": WHEN,
            "due_at": WHEN,
            "next_leg_id": "NULL",
        },
    ),
    Grown(
        "ticket_event",
        {
            "hall_code": _HALL.format(n=_VISIT),
            "hall_seq": "1000000 + n",
            "ticket_id": TICKET.replace("(n)", f"({_VISIT})"),
            "visit_id": TICKET.replace("(n)", f"({_VISIT})"),
            "number": f"'G' || {_VISIT} % 1000000",
            "item_code": f"'ITEM-' || {_VISIT} % 60",
            "action": _STEPS.format("'issue', 'call', 'finish'"),
            "to_state": _STEPS.format("'waiting', 'called', 'done'"),
            "version": f"1 + {_STEP}",
            "at": f"{WHEN} + interval '20 minutes' * ({_STEP})",
            "actor": f"'grown-' || {_VISIT} % 20",
            "window_no": f"CASE WHEN {_STEP} > 0 THEN 1 + {_VISIT} % 20 END",
            "waited_seconds": f"CASE WHEN {_STEP} = 1 THEN {_VISIT} * 37 % 3600 END",
            "served_seconds": f"CASE WHEN {_STEP} = 2 THEN {_VISIT} * 53 % 1800 END",
            "outcome": f"CASE WHEN {_STEP} = 2 THEN 'done' END",
            "predicted_p50": f"CASE WHEN {_STEP} = 0 THEN {_VISIT} % 40 END",
            "predicted_p85": f"CASE WHEN {_STEP} = 0 THEN {_VISIT} % 60 END",
            "undoes": "NULL",
            "before": "'{}'",
        },
        each="3",
    ),
)
GROWN = {"feedback": FEEDBACK, "appointments": APPOINTMENTS}
