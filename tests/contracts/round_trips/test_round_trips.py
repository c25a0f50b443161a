"""How often each operation asks the database on its good path: a number that only a commit changes.

A count that grows fails, and so does one that shrinks: a gain is written down.
"""

import os
import sys
from collections.abc import Mapping

import httpx
import pytest

from tests.contracts.round_trips import table
from tests.contracts.visitor import Visitor
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

UNHELD = {
    "get_rating_statistics": "counts a month of the past when it is first asked for",
    "get_letter_statistics": "the same",
    "add_letter_activity": "asks for more of a letter that has come further",
}
AT_MOST = {
    "check_in_appointment": "the forecast of a hall is remembered for a second",
    "get_display": "the same",
    "list_availability": "who could be moved is asked for where somebody sits",
    "get_queue": "the same",
    "list_my_tickets": "the same",
    "accept_supervision_answer": "the calendar is read where it has moved",
    "get_proof": "walks and sealed days are read where a verdict rests on them",
    "dry_run": "who waits for the host's turn asks for it again and again",
    "ask_letter_extension": "working days are asked for where a limit of the letter runs",
    "letter_request_extension": "as of the letter's own",
}
"""Operations that may ask less often than the table says, with the reason."""
FEW, MANY = 1, 100


def counted(visitor: Visitor, system: System) -> dict[str, list[str]]:
    """What each operation asked for; the least, where it had several good answers."""
    asked = system.statements()
    found: dict[str, list[str]] = {}
    for name, answers in visitor.answers.items():
        good = [one.request.headers["X-Request-ID"] for one in answers if one.is_success]
        each = [asked.get(request_id, []) for request_id in good]
        if each and name not in UNHELD:
            found[name] = min(each, key=len)
    return found


def test_each_operation_asks_as_often_as_the_table_says(visitor: Visitor, system: System) -> None:
    found = counted(visitor, system)
    counts = {name: len(statements) for name, statements in found.items()}
    sys.stdout.write(table.rows(counts))
    if os.environ.get("RECORD_ROUND_TRIPS"):
        held = table.read()
        table.write({n: max(c, held.get(n, 0)) if n in AT_MOST else c for n, c in counts.items()})
    differences = table.differences(table.read(), found, AT_MOST)
    assert not differences, "\n".join(differences)


def test_a_list_asks_as_often_for_many_rows_as_for_one(visitor: Visitor, system: System) -> None:
    seen: dict[str, dict[int, str]] = {}
    rows: dict[str, int] = {}
    remembered: set[str] = set()
    for name, (_, method, operation) in visitor.operations().items():
        asked = {parameter["name"] for parameter in operation.get("parameters", ())}
        if method == "get" and "limit" in asked and name in visitor.worked:
            answers = {most: visitor.send(name, limit=most)[-1] for most in (FEW, MANY)}
            rows[name] = _rows(answers[MANY])
            remembered |= {name} if "x-remembered-seconds" in operation else set()
            seen[name] = {
                most: one.request.headers["X-Request-ID"] for most, one in answers.items()
            }
    statements = system.statements()
    unasked = {name for name, ids in seen.items() if not set(ids.values()) <= statements.keys()}
    assert unasked <= remembered, "the service was asked, and no statement was counted"
    grown = {
        name: {most: statements[one] for most, one in ids.items()}
        for name, ids in seen.items()
        if name not in unasked
        and len(statements[ids[FEW]]) < len(statements[ids[MANY]])  # fewer: it is remembered
    }
    assert not grown, _shown(grown)
    assert sum(count > FEW for count in rows.values()) > len(rows) / 2, rows


def _rows(answer: httpx.Response) -> int:
    """How many a list shows: a page of them, a list in a package, or the lines of a file."""
    if answer.headers["content-type"] != "application/json":
        return len(answer.text.splitlines())
    found = answer.json()
    lists = [found] if isinstance(found, list) else found.values()
    return max(len(each) for each in lists if isinstance(each, list))


def _shown(grown: Mapping[str, Mapping[int, list[str]]]) -> str:
    return "\n".join(
        f"{name}, {most}: {asked}" for name, each in grown.items() for most, asked in each.items()
    )
