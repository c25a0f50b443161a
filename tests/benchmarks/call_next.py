"""`python -m tests.benchmarks.call_next`: sixty windows of one hall that call without a pause.

The endpoint (one process of the service as it is deployed, with token, problem handling and logs)
against pgbench with the very same statement, prepared, on the same server, in turn, in one run.
Every call is to a window that is free, so that nothing but call-next is measured; all of them
queue for one row, the floor of their hall, which is what numbers the events without gaps.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from statistics import median
from uuid import UUID, uuid4

import asyncpg

from deploy import streams
from deploy.local import postgres
from deploy.local.nats import NatsServer
from services.appointments.calling.queries import envelope
from services.appointments.calling.statement import CALL_NEXT
from shared.clock import now
from shared.ids import new_id
from tests import support
from tests.appointments import queue_helpers
from tests.support import Databases, Tokens

WINDOWS, TURNS, ROUNDS = 60, 30, 5
FEW = 4
"""As many connections as the service has for such statements."""
CALLS = WINDOWS * TURNS
GOAL = 0.4
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
_PAST_CALLS = f"""
INSERT INTO call (id, ticket_id, hall_code, window_id, window_no, item_code, clerk,
    policy_version, ignored_credits, overtook, called_at, ended_at, ended_by)
SELECT gen_random_uuid(), t.id, t.hall_code, {_ID}, n, t.item_code, 'clerk-1', 0, false, '{{}}',
    t.issued_at, t.issued_at, 'finish'
FROM (SELECT *, row_number() OVER () AS n FROM ticket WHERE hall_code = $1 AND state = 'done') t
"""
_TPS = re.compile(r"tps = ([\d.]+)")


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
    await owner.execute("VACUUM ANALYZE")
    return code


async def check(owner: asyncpg.Connection, code: str) -> None:
    """Nobody called twice, nobody forgotten, no number left out."""
    called = await owner.fetchrow(
        "SELECT count(*) AS calls, count(DISTINCT ticket_id) AS people FROM call"
        " WHERE hall_code = $1 AND ended_at IS NULL",
        code,
    )
    seq = await owner.fetchval("SELECT seq FROM hall_floor WHERE hall_code = $1", code)
    assert called is not None
    assert (called["calls"], called["people"], seq) == (CALLS, CALLS, CALLS), (called, seq)


def pgbench_script(code: str, clients: int) -> str:
    """The statement with pgbench's variables in place of the service's arguments."""
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
        11: f"'{envelope(new_id(), now(), None)}'",
        12: "NULL",
    }
    statement = re.sub(r"\$(\d+)", lambda at: given[int(at[1])], CALL_NEXT)
    next_window = f"\\set window_number :turn * {clients} + :client_id + 1\n\\set turn :turn + 1\n"
    return f"{next_window}{' '.join(statement.split())};\n"


async def by_pgbench(url: str, code: str, clients: int) -> float:
    """Calls a second on so many connections."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(pgbench_script(code, clients))
        script.flush()
        options = [
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-c",
            str(clients),
            "-t",
            str(CALLS // clients),
        ]
        command = [
            str(postgres.program("pgbench")),
            *options,
            "-D",
            "turn=0",
            "-f",
            script.name,
            url,
        ]
        ran = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=False
        )
    found = _TPS.search(ran.stdout) if ran.returncode == 0 else None
    assert found, ran.stdout + ran.stderr
    return float(found[1])


async def by_endpoint(port: int, token: str) -> float:
    """Calls a second by as many clerks at once, each on a connection of their own."""

    async def clerk(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = 0
        while turn < TURNS:
            window = UUID(int=turn * WINDOWS + place + 1)
            writer.write(
                f"POST /api/v1/windows/{window}/call-next HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            assert head.startswith((b"http/1.1 200", b"http/1.1 503")), head
            turn += head.startswith(b"http/1.1 200")
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(clerk(place) for place in range(WINDOWS)))
    return CALLS / (time.perf_counter() - started)


async def start(url: str, nats: NatsServer, tokens: Tokens, port: int) -> subprocess.Popen[bytes]:
    """The service in a process of its own, ready."""
    environment = {
        **os.environ,
        "ONEDOOR_ENV": "production",
        "APPOINTMENTS_DATABASE_URL": url,
        "APPOINTMENTS_NATS_URL": nats.url("appointments"),
        "APPOINTMENTS_BACKGROUND": "false",
        "ONEDOOR_JWKS_URL": f"file://{tokens.jwks}",
        "ONEDOOR_COLUMN_KEYS": support.COLUMN_KEYS,
        "ONEDOOR_INDEX_KEY": support.INDEX_KEY,
    }
    service = "services.appointments.app:create_app"
    command = [sys.executable, "-m", "shared.web.serve", service, "--port", str(port)]
    process = subprocess.Popen(  # noqa: ASYNC220
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await support.eventually(answers, 30)
    return process


async def measure() -> list[list[float]]:
    """Calls a second of the endpoint, of pgbench with WINDOWS and with FEW clients, per round."""
    with (
        support.postgres_server() as pg,
        support.nats_server() as nats,
        support.private_folder() as folder,
    ):
        tokens, urls = Tokens(folder), Databases(pg).urls("appointments")
        await streams.apply(nats.admin_url)
        owner = await support.connect(urls.owner)
        await owner.execute(
            'ALTER TABLE "window" DROP CONSTRAINT ck_window_number_fits_the_display'
        )
        port = 20000 + uuid4().int % 20000
        service, rounds = await start(urls.service, nats, tokens, port), []
        try:
            for _ in range(ROUNDS):
                round_: list[float] = []
                for clients in (0, WINDOWS, FEW):
                    code = await new_hall(owner)
                    if clients:
                        round_.append(await by_pgbench(urls.service, code, clients))
                    else:
                        round_.append(await by_endpoint(port, tokens("clerk", code)))
                    await check(owner, code)
                rounds.append(round_)
        finally:
            service.terminate()
            service.wait()
            await owner.close()
    return rounds


async def main() -> int:
    """0 when the goal is met."""
    print(f"{now():%F} call-next: {WINDOWS} windows of one hall, {CALLS} calls x {ROUNDS} rounds")
    return int(show(await measure()) < GOAL)


def show(rounds: list[list[float]]) -> float:
    """Prints the medians; returns the ratio that the goal is about."""
    ours, many, few = (median(round_[side] for round_ in rounds) for side in (0, 1, 2))
    ratio, ratio_few = (median(r[0] / r[side] for r in rounds) for side in (1, 2))
    print(
        f"endpoint {ours:.0f}/s; pgbench with the same statement: {WINDOWS} clients {many:.0f}/s,"
        f" ratio {ratio:.2f} (goal >= {GOAL}); {FEW} clients {few:.0f}/s, ratio {ratio_few:.2f};"
        " nobody called twice"
    )
    return ratio


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
