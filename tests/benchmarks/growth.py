"""`python -m tests.benchmarks.growth [N]`: every GET of the API, before and after N of everything.

A whole system with its demo; then N letters, deadlines and ratings come by SQL (a million unless
said otherwise; a year of halls: `year`). Every GET is sent with what the document shows for it, by
everybody of the demo's people who may, and those of the goals with what makes them wide. Printed
are the slowest ten, what became slower than twice, and whether the goals are held. The quickest of
a few rounds counts; what most are slower by, since the machine has other work, is taken off.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from math import nan
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from services.gateway.documents.joining import each_operation
from shared import clock
from shared.security.crypto import Keyring
from shared.web.pagination import encode
from tests import support
from tests.benchmarks import goals, growth_rows
from tests.benchmarks.goals import Goal, at_most
from tests.benchmarks.growth_tables import GROWN
from tests.system import System, running_system

MINUTES = 12
"""For a million, without the start."""
MANY = 1_000_000
ROUNDS = 5
SLOWER, NOTICEABLE = 2.0, 15.0
"""Twice as slow, and by so many milliseconds: less is the noise of a request."""
LIST_MS, YEAR_MS = 50, 300


class Sent(NamedTuple):
    """A request, under the name it is printed by, and the milliseconds it may take (0: any)."""

    name: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    goal: int = 0


class Took(NamedTuple):
    """Milliseconds, and the status."""

    ms: float
    status: int


WIDE = ("officer", "supervisor", "hall_manager", "auditor")
"""Who asks widely: of a department, of the office, of a hall, of all."""
Wide = dict[str, list[tuple[str, dict[str, Any], int]]]


def wide() -> Wide:
    """By operation: what is asked besides what the document shows, and the goal."""
    today = clock.today(clock.now())
    far = today - timedelta(days=500)
    by_moment = {"cursor": encode((clock.day_start(far), uuid4())), "limit": 50}
    by_day = {"cursor": encode((far, uuid4())), "limit": 50}
    year = {"from_on": today - timedelta(days=364), "to_on": today}
    floor_year = {"from": today - timedelta(days=364), "to": today}
    return {
        "get_letter_statistics": [
            (f"a year by {by}", {**year, "group_by": by}, YEAR_MS)
            for by in ("all", "department", "kind", "channel")
        ],
        "get_rating_statistics": [
            (f"a year by {by}", {**year, "group_by": by}, YEAR_MS)
            for by in ("all", "department", "hall", "item")
        ],
        "get_statistics": [
            (f"a year by {by}", {**floor_year, "by": by}, YEAR_MS)
            for by in ("hall", "window", "item", "clerk", "hour", "day")
        ],
        "list_deadlines": [
            ("far", by_day, LIST_MS),
            *((state, {"state": state}, LIST_MS) for state in ("running", "met", "breached")),
        ],
        "list_letters": [
            ("far", by_moment, LIST_MS),
            ("by limit", {"order": "due_on"}, LIST_MS),
            *((state, {"state": state}, LIST_MS) for state in ("closed", "handling", "merged")),
            *((kind, {"kind": kind}, LIST_MS) for kind in ("help", "accusation")),
        ],
        "list_ratings": [
            ("far", by_moment, LIST_MS),
            ("bad", {"is_bad": True}, LIST_MS),
            ("verifying", {"state": "verifying"}, LIST_MS),
        ],
    }


def requests(document: Mapping[str, Any], people: Mapping[str, dict[str, str]]) -> Iterator[Sent]:
    """Every GET by everybody who may."""
    besides = wide()
    for path, method, operation in each_operation(document["paths"]):
        name, at = operation["operationId"], _filled(path, operation)
        if method != "get" or "{" in at:
            continue
        for role, headers in _who_may(operation, people, everybody=name in besides):
            yield Sent(f"{name} as {role}", at, _query(operation), headers)
            for what, query, goal in besides.get(name, ()) if role in WIDE else ():
                yield Sent(f"{name} as {role}, {what}", at, query, headers, goal)


def _filled(path: str, operation: Mapping[str, Any]) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and "example" in parameter:
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    return path


def _query(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        parameter["name"]: parameter["example"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required") and "example" in parameter
    }


def _who_may(
    operation: Mapping[str, Any], people: Mapping[str, dict[str, str]], *, everybody: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    security = operation.get("security", [{}])
    if {} in security:
        yield "anybody", {}
        yield from people.items() if everybody else ()
        return
    scopes = {scope for one in security for own in one.values() for scope in own}
    yield from ((role, headers) for role, headers in people.items() if role in scopes)


def measure(
    url: str,
    asked: list[Sent],
    rounds: int = ROUNDS,
    of: Callable[[list[float]], float] = min,
) -> dict[str, Took]:
    """The quickest of some rounds of each; left out is what has no end, or is refused."""
    times: dict[str, Took] = {}
    with httpx.Client(base_url=url, timeout=30) as client:
        for one in asked:
            took = [_send(client, one) for _ in range(rounds)]
            found = [each for each in took if each is not None]
            if found and not 400 <= found[-1].status < 500:
                times[one.name] = Took(of([took.ms for took in found]), found[-1].status)
    return times


def _send(client: httpx.Client, one: Sent) -> Took | None:
    started = time.perf_counter()
    with client.stream("GET", one.path, params=one.query, headers=one.headers) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return None
        for _ in answer.iter_raw():
            pass
    return Took((time.perf_counter() - started) * 1000, answer.status_code)


async def grow(system: System, many: int) -> None:
    """Load, and wait until the jobs have counted what came."""
    known = system.addresses
    keyring = Keyring(known["ONEDOOR_COLUMN_KEYS"], known["ONEDOOR_INDEX_KEY"])
    for service in GROWN:
        started = time.monotonic()
        owner = await support.connect(system.owner_url(service))
        await growth_rows.load(service, owner, many, keyring)
        print(f"{service}: {many:,} of each in {time.monotonic() - started:.0f} s", flush=True)
        started = time.monotonic()
        await growth_rows.counted(service, owner)
        print(f"{service}: counted after {time.monotonic() - started:.0f} s more", flush=True)
        await owner.close()


def aims(
    asked: list[Sent], before: Mapping[str, Took], after: Mapping[str, Took], loaded: str
) -> list[Goal]:
    """Prints the slowest and the slower; the goals, once so much was `loaded`.

    A year's figures are held against a limit of their own: where nobody came there are none.
    """
    both = [name for name in after if name in before]
    noise = max(median(after[name].ms / before[name].ms for name in both), 1.0)
    print(f"\n{len(both)} requests; most are {noise:.2f} x as slow as before, by other work")

    def line(name: str) -> str:
        was, now = before[name], after[name]
        return f"  {name}: {was.ms:.1f} -> {now.ms:.1f} ms ({was.status} -> {now.status})"

    print("\nslowest ten")
    print("\n".join(line(name) for name in sorted(both, key=lambda n: -after[n].ms)[:10]))
    slower = [name for name in both if _is_slower(before[name], after[name], noise)]
    print(f"\nslower than {SLOWER} x: {len(slower)} of {len(both)}")
    print("\n".join(map(line, slower)))
    figures = {one.name for one in asked if one.goal == YEAR_MS}
    others = f"requests slower than {SLOWER:g} x at {loaded}, besides a year's figures"
    found = [at_most(others, len(set(slower) - figures), 0)]
    for what, limit in (("lists, the slowest page", LIST_MS), ("a year's figures", YEAR_MS)):
        if not any(one.goal == limit for one in asked):
            continue
        names = [one.name for one in asked if one.goal == limit and one.name in both]
        over = [name for name in names if after[name].ms / noise > limit]
        print(f"\ngoal <= {limit} ms: {len(names) - len(over)} of {len(names)} held")
        print("\n".join(map(line, over)))
        worst = max((after[name].ms / noise for name in names), default=nan)
        found.append(at_most(f"{what} at {loaded}", worst, limit, "ms"))
    return found


def _is_slower(before: Took, after: Took, noise: float) -> bool:
    """Twice as slow as the rest, and so that somebody would see it; or no answer any more."""
    ms = after.ms / noise
    return ms > SLOWER * before.ms and ms - before.ms > NOTICEABLE or after.status > before.status


def signed_in(system: System) -> dict[str, dict[str, str]]:
    """One of the demo's people a role."""
    accounts = {one["role"]: one["account"] for one in system.accounts().values()}
    return {role: system.sign_in(account) for role, account in accounts.items()}


def main(many: int) -> list[Goal]:
    goals.begin("growth", MINUTES * many / MANY + 1.5, f"{many:,} of everything")
    with running_system() as system:
        document = httpx.get(f"{system.url}/openapi.json", timeout=30).json()
        before = measure(system.url, list(requests(document, signed_in(system))))
        asyncio.run(grow(system, many))
        asked = list(requests(document, signed_in(system)))  # the first sign-ins are over by now
        return aims(asked, before, measure(system.url, asked), f"{many:,} of each")


if __name__ == "__main__":
    goals.finish(main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
