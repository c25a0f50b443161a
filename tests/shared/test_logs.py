"""One line of JSON an event, whatever it holds."""

import json
import subprocess
import sys

_LOGS = """
import structlog
from uuid import UUID
from shared.observability import logs

logs.configure("production", "feedback")
log = structlog.get_logger()
log.info("plain", words="便签", count=2, id=UUID(int=1), none=None)
log.info("large", count=2**70)
log.info("broken", words="\\ud800")
log.info("keyed", counts={1: 2})
log.info("other", thing=ValueError("x"))
"""


def test_each_event_is_one_line_of_json() -> None:
    done = subprocess.run([sys.executable, "-c", _LOGS], capture_output=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["plain", "large", "broken", "keyed", "other"]
    assert "便签".encode() in done.stdout
    assert lines[0]["id"].endswith("000000000001")
    assert lines[1]["count"] == 2**70
    assert all(line["level"] == "info" and line["service"] == "feedback" for line in lines)
    assert all(line["timestamp"].endswith("Z") for line in lines)


_LIBRARIES = """
import logging
from shared.observability import logs

logs.configure("production", "feedback")
logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
try:
    raise ValueError("x")
except ValueError:
    logging.getLogger("asyncio").exception("nobody looked")
"""


def test_what_libraries_warn_of_is_in_lines_of_the_same_form() -> None:
    done = subprocess.run([sys.executable, "-c", _LIBRARIES], capture_output=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(each["event"], each["level"], each["logger"]) for each in lines] == [
        ("Invalid request", "warning", "uvicorn.error"),
        ("nobody looked", "error", "asyncio"),
    ]
    assert all(each["service"] == "feedback" and each["timestamp"].endswith("Z") for each in lines)
    assert "ValueError" in lines[1]["exception"]
