"""`python -m tests.benchmarks.call_next`: sixty windows of one hall that call without a pause.

The endpoint (one process of the service as it is deployed, with token, problem handling and logs)
against pgbench with the very same statement, prepared, on the same server, in turn, in one run.
Every call is to a window that is free, so that nothing but call-next is measured; all of them
queue for one row, the floor of their hall, which is what numbers the events without gaps.
"""

import asyncio
import re
from statistics import median
from uuid import UUID

import asyncpg

from services.appointments.calling.queries import envelope
from services.appointments.calling.statement import CALL_NEXT
from shared.clock import now
from shared.ids import new_id
from tests import support
from tests.appointments import queue_helpers
from tests.benchmarks import goals, load, pgbench
from tests.benchmarks.day_people import request
from tests.benchmarks.goals import Goal, at_least
from tests.benchmarks.ground import Ground, ground
from tests.benchmarks.load import Loaded, Step

MINUTES = 1
WINDOWS, TURNS, ROUNDS = 60, 30, 3
FEW = 4
"""As many connections as the service has for such statements."""
CALLS = WINDOWS * TURNS
_ID = "lpad(to_hex(n), 32, '0')::uuid"
_GIVEN = "$1::text, n, $2::text"
_EACH = "FROM generate_series(1, $3::int) n WHERE $4::text <> ''"
_WINDOWS = f"""
INSERT INTO "window" (id, hall_code, no, name, kind) SELECT {_ID}, {_GIVEN}, 'counter' {_EACH}"""
_ITEMS = f"""
INSERT INTO window_item (window_id, item_code, hall_code, rank)
SELECT {_ID}, $2::text, $1::text, 1 {_EACH}"""
_AT_WORK = f"""
INSERT INTO window_at_work (window_id, hall_code, window_no, clerk, state, since, version)
SELECT {_ID}, {_GIVEN}, 'open', now(), 1 {_EACH}"""
_TICKETS = """
INSERT INTO ticket (id, hall_code, service_day, number, leg, visit_id, item_code, items,
    ticket_class, credit_minutes, policy_version, issued_at, ready_at, due_at, state, state_since,
    version, recalls, missing)
SELECT gen_random_uuid(), $1::text, current_date, left($4::text, 1) || n, 1, gen_random_uuid(),
    $2::text, ARRAY[$2::text], 'walk_in', 0, 0, at, at, at, $4::text, at, 1, 0, '[]'
FROM generate_series(1, $3::int) n, LATERAL (SELECT now() - make_interval(secs => $3 - n) AS at) a
"""
_FILLED = 'ticket, call, "window", window_item, window_at_work'
_PAST_CALLS = f"""
INSERT INTO call (id, ticket_id, hall_code, window_id, window_no, item_code, clerk,
    policy_version, ignored_credits, overtook, called_at, ended_at, ended_by)
SELECT gen_random_uuid(), t.id, t.hall_code, {_ID}, n, t.item_code, 'clerk-1', 0, false, '{{}}',
    t.issued_at, t.issued_at, 'finish'
FROM (SELECT *, row_number() OVER () AS n FROM ticket WHERE hall_code = $1 AND state = 'done') t
"""


async def new_hall(owner: asyncpg.Connection) -> str:
    """A hall with CALLS open windows, as many people and a past; window n has the id n."""
    code, _, [item] = await queue_helpers.build(owner, windows=0)
    await owner.execute("DELETE FROM window_item; DELETE FROM window_at_work; DELETE FROM call")
    await owner.execute('DELETE FROM "window"; DELETE FROM ticket')
    for statement in (_WINDOWS, _ITEMS, _AT_WORK, _TICKETS):
        await owner.execute(statement, code, item, CALLS, "waiting")
    await owner.execute(_TICKETS, code, item, 5 * CALLS, "done")
    await owner.execute(_PAST_CALLS, code)
    await owner.execute("INSERT INTO hall_floor VALUES ($1, 0, '{}')", code)
    # A log that was analysed while empty is planned to be scanned as a whole by every call.
    has_log = await owner.fetchval("SELECT EXISTS (SELECT FROM ticket_event)")
    await owner.execute(f"VACUUM ANALYZE {'' if has_log else _FILLED}")
    return code


async def check(owner: asyncpg.Connection, code: str, calls: int) -> None:
    """Nobody called twice, nobody forgotten, no number left out."""
    called = await owner.fetchrow(
        "SELECT count(*) AS calls, count(DISTINCT ticket_id) AS people FROM call"
        " WHERE hall_code = $1 AND ended_at IS NULL",
        code,
    )
    seq = await owner.fetchval("SELECT seq FROM hall_floor WHERE hall_code = $1", code)
    assert called is not None
    assert (called["calls"], called["people"], seq) == (calls, calls, calls), (called, seq)


def pgbench_script(code: str, clients: int) -> str:
    """The statement with pgbench's variables in place of the service's arguments."""
    # A colon within a word of the envelope would begin a variable.
    event = re.sub(r"(?<=\w):(?=\w)", r"\\u003a", envelope(new_id(), now(), None))
    given = {
        1: "lpad(to_hex(:window_number::bigint), 32, '0')::uuid",
        2: f"ARRAY['{code}']",
        3: "90",
        4: "3",
        5: "now()",
        6: "gen_random_uuid()",
        7: "'clerk-1'",
        8: "NULL",
        9: "gen_random_uuid()",
        10: "'appointments.ticket.called.v1'",
        11: f"'{event}'",
        12: "NULL",
    }
    statement = re.sub(r"\$(\d+)", lambda at: given[int(at[1])], CALL_NEXT)
    next_window = f"\\set window_number :turn * {clients} + :client_id + 1\n\\set turn :turn + 1\n"
    return f"{next_window}{pgbench.one_line(statement)};\n"


def by_pgbench(url: str, code: str, clients: int) -> float:
    """Calls a second on so many connections."""
    each = ("-t", str(CALLS // clients), "-D", "turn=0")
    return pgbench.run(url, pgbench_script(code, clients), clients, *each)


def by_endpoint(port: int, token: str) -> Loaded:
    """The same by as many clerks at once, each on a connection of their own."""
    paths = (f"/api/v1/windows/{UUID(int=n)}/call-next" for n in range(1, CALLS + 1))
    steps = [Step(request("call", "POST", path, token).wire, 200) for path in paths]
    return load.run(port, [[step] for step in steps], WINDOWS)


async def measure(base: Ground) -> list[list[float]]:
    """Calls a second of the endpoint, of pgbench with WINDOWS and with FEW clients, per round."""
    url, rounds = base.databases["appointments"], list[list[float]]()
    owner = await support.connect(base.databases.urls("appointments").owner)
    await owner.execute('ALTER TABLE "window" DROP CONSTRAINT ck_window_number_fits_the_display')
    with base.service("appointments", background="false") as service:
        for number in range(ROUNDS):
            round_: list[float] = []
            for clients in (0, WINDOWS, FEW):
                code, calls = await new_hall(owner), CALLS
                if clients:
                    round_.append(by_pgbench(url, code, clients))
                else:
                    loaded = by_endpoint(service.port, base.token("clerk", code))
                    calls = len(loaded.waits)
                    if loaded.refused:  # who was told to come again does not
                        goals.show(f"  refused by status: {dict(loaded.refused)}")
                    round_.append(loaded.per_second)
                await check(owner, code, calls)
            rounds.append(round_)
            speeds = ", ".join(f"{speed:,.0f}/s" for speed in round_)
            goals.show(f"  round {number + 1} of {ROUNDS}: {speeds}")
    await owner.close()
    return rounds


async def main() -> list[Goal]:
    goals.begin("call_next", MINUTES, f"{WINDOWS} windows of one hall, {CALLS} calls a round")
    with ground() as base:
        rounds = await measure(base)
    many, few = (median(round_[0] / round_[side] for round_ in rounds) for side in (1, 2))
    return [
        at_least("call-next, 60 windows / pgbench", many, 0.8),
        Goal(f"call-next / pgbench with {FEW} clients", few),
    ]


if __name__ == "__main__":
    goals.finish(asyncio.run(main()))
