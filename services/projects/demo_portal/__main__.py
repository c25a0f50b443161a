"""`python -m services.projects.demo_portal --port 8090`: the demo city's portal on loopback."""

import argparse
from datetime import date
from pathlib import Path

import uvicorn

from services.projects.demo_portal.app import create_app
from shared import clock
from shared.observability import logs


def main() -> None:
    given = _arguments()
    logs.configure("local", "demo-portal")
    uvicorn.run(
        create_app(given.today or _first_day(given.first_day_in), _pages(given.first_day_in)),
        host="127.0.0.1",
        port=given.port,
        log_config=None,
        log_level="warning",
        access_log=False,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="演示门户 | The demo city's portal")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--today", type=date.fromisoformat, help="哪一天的城市 | The day the city stands on."
    )
    parser.add_argument(
        "--first-day-in", type=Path, help="记住首次启动日期的文件 | File that keeps the first day."
    )
    return parser.parse_args()


def _pages(first_day: Path | None) -> Path | None:
    """What was published since that day is kept beside it."""
    return first_day and first_day.with_suffix(".pages")


def _first_day(kept_in: Path | None) -> date:
    """Today, or the day when the portal was first served: its pages stay as they were published."""
    today = clock.today(clock.now())
    if kept_in is None:
        return today
    if not kept_in.exists():
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        kept_in.write_text(today.isoformat())
    return date.fromisoformat(kept_in.read_text().strip())


if __name__ == "__main__":
    main()
