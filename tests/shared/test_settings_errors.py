"""A setting that is missing or wrong is named, and nothing that any setting holds is shown."""

import os
import subprocess
import sys
import traceback
from importlib import import_module

import pytest

from deploy.services import SERVICES
from tests.system import ROOT

KEY = "a1:Q0FOQVJZLWNvbHVtbi1rZXktb2YtMzItYnl0ZXMtLS0="
GOOD = {
    "DATABASE_URL": "postgresql://u:canary-database-word@127.0.0.1:1/x",
    "NATS_URL": "nats://u:canary-bus-word@127.0.0.1:1",
}
SHARED = {
    "ONEDOOR_COLUMN_KEYS": KEY,
    "ONEDOOR_INDEX_KEY": "Q0FOQVJZLWluZGV4LWtleS1vZi0zMi1ieXRlcy0tLS0=",
}
ALSO = ("ONEDOOR_METRICS_FROM", "ONEDOOR_EVENT_SOURCE")
WRONG = {
    "missing column keys": {"ONEDOOR_COLUMN_KEYS": None},
    "missing index key": {"ONEDOOR_INDEX_KEY": None},
    "a newer index key cut short": {
        "ONEDOOR_INDEX_KEY": f"{SHARED['ONEDOOR_INDEX_KEY']},b:Q0FOQVJZLW5ld2VyLWtleQ=="
    },
    "a newer index key without its name": {
        "ONEDOOR_INDEX_KEY": f"{SHARED['ONEDOOR_INDEX_KEY']},{KEY.partition(':')[2]}"
    },
    "missing database": {"DATABASE_URL": None},
    "a column key without its name": {"ONEDOOR_COLUMN_KEYS": KEY.partition(":")[2]},
    "a column key cut short": {"ONEDOOR_COLUMN_KEYS": KEY[:-6]},
    "an index key that is no base64": {"ONEDOOR_INDEX_KEY": "canary index key!"},
    "a database with a crooked port": {
        "DATABASE_URL": "postgresql://u:canary-database:word@127.0.0.1:canary/x"
    },
    "a bus with a crooked port": {"NATS_URL": "nats://u:canary-bus@127.0.0.1:canary-word"},
    "a database that is no address": {"DATABASE_URL": "canary-database-word"},
    "an environment that is none": {"ONEDOOR_ENV": "canary-environment"},
    "networks that are none": {"ONEDOOR_METRICS_FROM": "canary-networks"},
    "a source that is no address": {"ONEDOOR_EVENT_SOURCE": "canary-event-source"},
}


def environment(service: str, wrong: dict[str, str | None]) -> dict[str, str]:
    named = {**GOOD, **SHARED, **wrong}
    own = {f"{service.upper()}_{name}" if name in GOOD else name: v for name, v in named.items()}
    return {name: value for name, value in own.items() if value is not None}


def shown(text: str, settings: dict[str, str]) -> list[str]:
    """The values, or pieces of them, that stand in the text."""
    pieces = {value[i : i + 12] for value in settings.values() for i in range(len(value) - 11)}
    harmless = {"postgresql:/", "ostgresql://"}
    return sorted(piece for piece in pieces - harmless if piece in text)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_no_value_of_a_setting_is_in_the_error_of_a_start(
    monkeypatch: pytest.MonkeyPatch, service: str, wrong: dict[str, str | None]
) -> None:
    settings = environment(service, wrong)
    for name in [*SHARED, "ONEDOOR_ENV", *ALSO, *(f"{service.upper()}_{each}" for each in GOOD)]:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Exception) as refused:  # noqa: PT011
        import_module(f"services.{service}.app").create_app()
    told = "".join(traceback.format_exception(refused.value))
    assert shown(told, settings) == []
    [name] = wrong
    field = name.lower().removeprefix("onedoor_")
    assert name in told or field in told, told


def test_a_process_that_cannot_start_shows_no_value_either() -> None:
    settings = environment("feedback", {"ONEDOOR_COLUMN_KEYS": None})
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ONEDOOR_", "FEEDBACK_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "shared.web.serve", "services.feedback.app:create_app"],
        cwd=ROOT, env={**kept, **settings}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "COLUMN_KEYS" in told.upper()
    assert shown(told, settings) == []
