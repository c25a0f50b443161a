"""The console is quiet by default: the eye sees what needs it, the files hold everything."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.console import Console
from deploy.local.postgres import PostgresServer


class Recorded(Console):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text)


QUIET = (
    "2026-11-29T09:29:00.801797 [info     ] request  status=200",
    "2026-11-29 09:29:00.801 UTC 00000 LOG:  checkpoint starting",
    "[1] 2026/11/29 09:29:00.801 [INF] Server is ready",
    "H001: +1178 个时段 slots",
)
LOUD = (
    "2026-11-29T09:29:08.089358 [warning  ] document_not_read  error=CannotConnect",
    "\x1b[2m2026-11-29T09:29:08\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] job_failed",
    "2026-11-29 09:29:00.801 UTC 57P03 FATAL:  the database system is shutting down",
    '2026-11-29 09:29:00.801 UTC 42P01 ERROR:  relation "nowhere" does not exist',
    "[1] 2026/11/29 09:29:00.801 [ERR] disk full",
    "WARNING asyncio slow callback",
    "Traceback (most recent call last):",
)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded()
    made.keep(tmp_path / "logs", is_quiet=True)
    yield made
    made.close()


def test_shows_what_needs_an_eye_and_keeps_everything(console: Recorded, tmp_path: Path) -> None:
    for text in (*QUIET, *LOUD):
        console.line("door", text)
    assert [line.partition("| ")[2] for line in console.lines] == list(LOUD)
    kept = (tmp_path / "logs" / "door.log").read_text().splitlines()
    assert len(kept) == len(QUIET) + len(LOUD)
    assert "\x1b" not in "".join(kept)


async def test_what_two_who_want_one_thing_leave_in_the_log_is_kept_but_needs_no_eye(
    console: Recorded, pg: PostgresServer
) -> None:
    """A statement undoes itself by dividing by nothing, and a unique index refuses the second."""
    connection = await asyncpg.connect(pg.admin_url)
    log = pg.data.parent / f"{pg.data.name}.log"
    before = log.stat().st_size
    try:
        await connection.execute("CREATE TEMP TABLE once (n int PRIMARY KEY)")
        await connection.execute("INSERT INTO once VALUES (1)")
        for sql in ("SELECT 1 / (SELECT count(*) FROM once WHERE n = 2)",
                    "INSERT INTO once VALUES (1)", "INSERT INTO once VALUES (NULL)",
                    "SELECT * FROM nowhere"):  # fmt: skip
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(sql)
    finally:
        await connection.close()
    since = log.read_bytes()[before:].decode()
    written = [line for line in since.splitlines() if "ERROR" in line]
    assert len(written) == 4
    for line in written:
        console.line("postgres", line)
    [shown] = console.lines
    assert 'relation "nowhere" does not exist' in shown


def test_the_lines_below_an_error_belong_to_it(console: Recorded) -> None:
    below = ["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no"]
    for text in (LOUD[0], *below, QUIET[0], "plain again"):
        console.line("door", text)
    console.line("hall", "plain, of another process")
    assert [line.partition("| ")[2] for line in console.lines] == [LOUD[0], *below]


def test_a_process_that_failed_tells_its_last_lines(console: Recorded) -> None:
    console.line("hall", "SystemExit: no such setting")
    assert console.lines == []
    console.replay("hall")
    assert console.lines == ["hall         | SystemExit: no such setting"]


def test_everything_is_shown_to_who_asks_for_it(console: Recorded, tmp_path: Path) -> None:
    console.keep(tmp_path / "logs", is_quiet=False)
    for text in QUIET:
        console.line("door", text)
    console.replay("door")
    assert len(console.lines) == len(QUIET)


def test_a_log_file_does_not_grow_without_end(
    console: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.console.LOG_BYTES", 1_000)
    for _ in range(100):
        console.line("door", "x" * 99)
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "logs").iterdir()}
    assert sizes.keys() == {"door.log", "door.log.1"}
    assert max(sizes.values()) <= 1_000
