"""The columns of a hold are the fields of a draft: names, order and types."""

import re

from services.appointments.booking.rules import Draft
from services.appointments.booking.statement import HOLD


def test_the_statement_takes_the_fields_of_a_draft_in_their_order() -> None:
    taken = re.search(r"unnest\((?P<arrays>[^)]*)\) WITH ORDINALITY AS a\((?P<names>[^)]*)\)", HOLD)

    assert taken is not None
    assert taken["names"].split(", ") == [*Draft._fields, "ord"]
    arrays = re.findall(r"\$(\d+)::(\w+)\[\]", taken["arrays"])
    assert [int(place) for place, _ in arrays] == [*range(2, len(Draft._fields) + 2)]
    types = dict(zip(Draft._fields, (kind for _, kind in arrays), strict=True))
    assert {name for name, kind in types.items() if kind == "uuid"} == {"id", "event_id"}
    assert {name for name, kind in types.items() if kind == "timestamptz"} == {
        "starts_at",
        "expires_at",
    }
    assert {name for name, kind in types.items() if kind == "int"} == {
        "minutes",
        "guide_version",
        "policy_version",
        "cap_per_day",
        "cap_per_week",
        "cap_per_month",
        "cap_open_at_once",
    }
    assert (types["on_date"], types["event_body"]) == ("date", "bytea")


def test_what_is_inserted_stands_under_its_own_name() -> None:
    """Every column of the draft goes into the column of its name, or one of its own kind."""
    renamed = {
        "idem_key": "key",
        "idem_route": "route",
        "idem_hash": "request_hash",
        "event_subject": "subject",
        "event_body": "body",
        "booked_by": "caller",
        "citizen_key": "key",
        "own_name_sealed": "name_sealed",
        "own_phone_sealed": "phone_sealed",
    }
    inserts = re.findall(
        r"INSERT INTO (\w+) \(([^)]*)\)\s+SELECT (?:DISTINCT ON \([^)]*\)\s+)?(.*?)\s+FROM asked",
        HOLD,
        re.DOTALL,
    )

    assert {table for table, *_ in inserts} == {
        *("appointment", "appointment_slot", "outbox", "idempotency", "citizen")
    }
    for _, columns, values in inserts:
        pairs = zip(_listed(columns), _listed(values), strict=True)
        for column, value in pairs:
            field = value.removeprefix("a.").removesuffix("::jsonb")
            if not value.startswith("a.") or column == "appointment_id":
                continue
            assert field in Draft._fields
            assert column in (field, renamed.get(field))


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",")]
