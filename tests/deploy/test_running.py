"""The other targets find the system that runs, wherever it listens."""

import json
from pathlib import Path

import pytest

from deploy import running


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PORT", "HOST", "ONEDOOR_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ONEDOOR_DATA", str(tmp_path))
    return tmp_path


def test_the_door_is_where_the_running_system_says(data: Path) -> None:
    (data / "stack.json").write_text(json.dumps({"ONEDOOR_URL": "http://127.0.0.1:8600"}))
    assert running.url() == "http://127.0.0.1:8600"


def test_a_port_that_is_asked_for_wins(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "stack.json").write_text(json.dumps({"ONEDOOR_URL": "http://127.0.0.1:8600"}))
    monkeypatch.setenv("PORT", "8700")
    assert running.url() == "http://127.0.0.1:8700"


def test_where_nothing_runs_it_is_the_usual_place(data: Path) -> None:
    assert running.url() == "http://127.0.0.1:8000"
