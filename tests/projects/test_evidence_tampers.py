"""Ten thousand ways to tamper with what is kept, each by chance, and each of them is found."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from services.projects.evidence import rules
from services.projects.evidence.verifying import verify
from shared.clock import today

TAMPERS = 10_000
FIRST = datetime(2026, 11, 20, 2, tzinfo=UTC)


@dataclass
class Hand:
    """Two chains over three sealed days, in hand: rows, files by the hash that names them, days."""

    rows: list[Any] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    roots: list[Any] = field(default_factory=list)

    async def chains(self) -> Sequence[str]:
        return sorted({row.chain for row in self.rows})

    async def captures(self, chain: str) -> AsyncIterator[Any]:
        for row in sorted((r for r in self.rows if r.chain == chain), key=lambda r: r.seq):
            yield row

    async def body(self, sha256: str) -> bytes | None:
        return self.files.get(sha256)

    async def days(self) -> Sequence[Any]:
        return sorted(self.roots, key=lambda day: day.day)

    async def unsealed_days(self, before: date) -> Sequence[date]:
        sealed = {day.day for day in self.roots}
        return sorted({r.captured_on for r in self.rows if r.captured_on < before} - sealed)

    async def hashes_of_day(self, day: date) -> Sequence[str]:
        own = [row for row in self.rows if row.captured_on == day]
        return [row.hash for row in sorted(own, key=lambda row: (row.chain, row.seq))]

    def add(self, chain: str, at: datetime, body: bytes) -> None:
        own = [row for row in self.rows if row.chain == chain]
        row = SimpleNamespace(
            id=uuid4(),
            chain=chain,
            seq=len(own) + 1,
            url=f"https://www.example.gov.cn/{len(own)}",
            final_url="https://www.example.gov.cn/",
            status=200,
            headers={"server": "x"},
            request_headers={"Accept": "text/html"},
            redirects=self.led(at) if len(own) else None,
            fetched_at=at,
            captured_on=today(at),
            size=len(body),
            sha256=rules.content_hash(body),
            charset="utf-8",
            previous_hash=own[-1].hash if own else None,
        )
        led = [each["sha256"] for each in row.redirects or ()]
        row.stored = [row.sha256, *led]
        row.hash = rules.capture_hash(row)  # type: ignore[arg-type]
        self.files[row.sha256] = body
        self.rows.append(row)

    def led(self, at: datetime) -> list[dict[str, Any]]:
        """A redirect on the way, with a body of its own."""
        body = f"moved at {at}".encode()
        sha256 = rules.content_hash(body)
        self.files[sha256] = body
        return [{"url": "https://example.gov.cn/", "status": 301, "sha256": sha256}]

    async def seal(self, day: date, at: datetime) -> None:
        hashes = await self.hashes_of_day(day)
        root = rules.merkle_root(hashes)
        sealed = SimpleNamespace(day=day, root=root, captures=len(hashes), sealed_at=at)
        self.roots.append(sealed)

    def copied(self) -> "Hand":
        return Hand([copy(row) for row in self.rows], dict(self.files), [*map(copy, self.roots)])


async def new_hand() -> Hand:
    hand = Hand()
    for day in range(3):
        for chain in ("a", "b"):
            hand.add(chain, FIRST + timedelta(days=day), f"page {chain} {day}".encode())
        await hand.seal(today(FIRST) + timedelta(days=day), FIRST + timedelta(days=day + 1))
    return hand


def flip(hand: Hand, by: Random) -> None:
    name = by.choice([*hand.files])
    body = bytearray(hand.files[name])
    body[by.randrange(len(body))] ^= 1 << by.randrange(8)
    hand.files[name] = bytes(body)


def lengthen_or_cut(hand: Hand, by: Random) -> None:
    name = by.choice([*hand.files])
    body = hand.files[name]
    hand.files[name] = by.choice([body + by.randbytes(3), body[: by.randrange(len(body))]])


def lose_a_file(hand: Hand, by: Random) -> None:
    del hand.files[by.choice([*hand.files])]


def swap_files(hand: Hand, by: Random) -> None:
    one, other = by.sample([*hand.files], 2)
    hand.files[one], hand.files[other] = hand.files[other], hand.files[one]


def change_a_column(hand: Hand, by: Random) -> None:
    """Of the hashes themselves as well; the day goes by the time."""
    row = by.choice(hand.rows)
    others: dict[str, Any] = {
        "id": uuid4(),
        "chain": by.choice("abc".replace(row.chain, "")),
        "seq": row.seq + by.choice([-1, 1, 5]),
        "url": row.url + "x",
        "final_url": row.final_url + "x",
        "status": by.choice([304, 404]),
        "headers": {**row.headers, by.choice(["server", "etag"]): "y"},
        "request_headers": by.choice([None, {}, {"Accept": "*/*"}]),
        "redirects": [{"url": "https://other.example.cn/", "status": 302, "sha256": row.sha256}],
        "fetched_at": row.fetched_at + timedelta(seconds=by.choice([-1, 1, 86_400])),
        "captured_on": row.captured_on + timedelta(days=by.choice([-1, 1])),
        "size": row.size + 1,
        "sha256": rules.content_hash(by.randbytes(4)),
        "charset": None,
        "previous_hash": by.choice([None, "0" * 64]) if row.previous_hash else "0" * 64,
        "hash": rules.content_hash(by.randbytes(4)),
    }
    name = by.choice([*others])
    setattr(row, name, others[name])


def change_and_hash_anew(hand: Hand, by: Random) -> None:
    """As who knows how a capture is hashed."""
    row = by.choice(hand.rows)
    row.url, row.hash = row.url + "x", ""
    row.hash = rules.capture_hash(row)


def rewrite_a_chain(hand: Hand, by: Random) -> None:
    """From a place on, with hashes that join: the roots of the days give it away."""
    row = by.choice(hand.rows)
    row.fetched_at -= timedelta(seconds=1)
    own = sorted((r for r in hand.rows if r.chain == row.chain), key=lambda r: r.seq)
    for place, each in enumerate(own):
        each.previous_hash = own[place - 1].hash if place else None
        each.hash = rules.capture_hash(each)


def delete_rows(hand: Hand, by: Random) -> None:
    for row in by.sample(hand.rows, by.randint(1, 3)):
        hand.rows.remove(row)


def cut_the_end(hand: Hand, by: Random) -> None:
    chain = by.choice("ab")
    own = sorted((row for row in hand.rows if row.chain == chain), key=lambda row: row.seq)
    for row in own[-by.randint(1, len(own)) :]:
        hand.rows.remove(row)


def swap_numbers(hand: Hand, by: Random) -> None:
    chain = by.choice("ab")
    one, other = by.sample([row for row in hand.rows if row.chain == chain], 2)
    one.seq, other.seq = other.seq, one.seq


def slip_in(hand: Hand, by: Random) -> None:
    """A capture at the end of a chain, on a day that is sealed."""
    at = FIRST + timedelta(days=by.randrange(3), seconds=by.randrange(100))
    hand.add(by.choice("abc"), at, by.randbytes(5))


def change_a_root(hand: Hand, by: Random) -> None:
    day = by.choice(hand.roots)
    if by.random() < 0.5:
        day.root = rules.content_hash(by.randbytes(4))
    else:
        day.captures += by.choice([-1, 1])


def lose_a_root(hand: Hand, by: Random) -> None:
    """Of the last one nobody knows that it was: it may not have been sealed yet."""
    hand.roots.remove(by.choice(hand.roots[:-1]))


def swap_roots(hand: Hand, by: Random) -> None:
    one, other = by.sample(hand.roots, 2)
    one.root, other.root = other.root, one.root


KINDS: list[Callable[[Hand, Random], None]] = [
    *(flip, lengthen_or_cut, lose_a_file, swap_files, change_a_column, change_and_hash_anew),
    *(rewrite_a_chain, delete_rows, cut_the_end, swap_numbers, slip_in, change_a_root),
    *(lose_a_root, swap_roots),
]


async def test_each_of_ten_thousand_tampers_is_found() -> None:
    hand, by, unfound = await new_hand(), Random(20261130), Counter[str]()
    assert (await verify(hand)).faults == []
    for number in range(TAMPERS):
        tampered = hand.copied()
        tamper = KINDS[number % len(KINDS)]
        tamper(tampered, by)
        unfound[tamper.__name__] += not (await verify(tampered)).faults
    assert +unfound == Counter()


async def test_a_day_that_is_unsealed_changed_and_sealed_again_is_named() -> None:
    hand = await new_hand()
    first = min(hand.roots, key=lambda day: day.day)
    hand.roots.remove(first)
    rewrite_a_chain(hand, Random(1))
    for day in [first.day, *(each.day for each in hand.roots)]:
        hand.roots = [each for each in hand.roots if each.day != day]
        await hand.seal(day, FIRST + timedelta(days=9))
    hand.roots[0].sealed_at += timedelta(minutes=1)
    found = [(fault.where, fault.what.en) for fault in (await verify(hand)).faults]
    assert found == [(first.day.isoformat(), "the day was sealed after a later one")]
