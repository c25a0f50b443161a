"""`make reset` deletes what the system made, by name, and nothing of anybody else's."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import lock, marker, secrets
from deploy.local.options import BadOption, Options
from deploy.local.reset import main

Reset = Callable[..., tuple[int, str]]


class Stdin(io.StringIO):
    """What somebody types, at a terminal or out of a script."""

    def __init__(self, text: str, *, is_terminal: bool) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def reset(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reset:
    """Runs the reset of a folder; its exit code and what it said."""

    def run(data: Path, answer: str | None = None) -> tuple[int, str]:
        monkeypatch.setenv("ONEDOOR_DATA", str(data))
        typed = Stdin(f"{answer or ''}\n", is_terminal=answer is not None)
        monkeypatch.setattr("sys.stdin", typed)
        code = main()
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def data(folder: Path) -> Path:
    """A folder as `make run` leaves it."""
    made = folder / "data"
    marker.claim(made)
    secrets.kept(made / "secrets.json")
    (made / "postgres" / "base").mkdir(parents=True)
    (made / "stack.json").write_text("{}")
    return made


def test_a_folder_of_somebody_else_stays_as_it_is(folder: Path, reset: Reset) -> None:
    home = folder / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "letters.txt").write_text("dear")
    code, said = reset(home)
    assert code == 1
    assert "does not carry this system's marker" in said
    assert (home / "postgres").is_dir()
    assert (home / "letters.txt").read_text() == "dear"


def test_what_others_put_beside_it_stays(data: Path, reset: Reset) -> None:
    (data / "holiday.jpg").write_text("mine")
    code, said = reset(data)
    assert code == 0
    assert "holiday.jpg" in said
    assert [path.name for path in data.iterdir()] == ["holiday.jpg"]


def test_an_own_folder_is_gone_without_a_trace(data: Path, reset: Reset) -> None:
    assert reset(data)[0] == 0
    assert not data.exists()
    assert reset(data)[0] == 0


def test_a_link_is_removed_and_what_it_leads_to_stays(
    data: Path, folder: Path, reset: Reset
) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (data / "evidence").symlink_to(elsewhere)
    assert reset(data)[0] == 0
    assert (elsewhere / "kept").exists()


def test_data_of_a_release_before_the_marker_is_known_by_its_secrets(
    data: Path, reset: Reset
) -> None:
    (data / marker.NAME).unlink()
    assert reset(data)[0] == 0
    assert not data.exists()


@pytest.mark.parametrize(("answer", "stays"), [("", True), ("no", True), ("yes", False)])
def test_a_terminal_is_asked_first(data: Path, reset: Reset, answer: str, stays: bool) -> None:
    code, said = reset(data, answer)
    assert code == int(stays)
    assert f"This deletes from {data}: postgres, run.lock, secrets.json, stack.json" in said
    assert data.exists() is stays
    assert not stays or (data / "postgres" / "base").is_dir()


def test_nothing_is_deleted_under_a_running_system(data: Path, reset: Reset) -> None:
    with lock.claimed(data) as is_free:
        assert is_free
        code, said = reset(data)
    assert code == 1
    assert "stop it with Ctrl-C first" in said
    assert (data / "postgres").is_dir()


def test_a_start_takes_no_folder_where_others_use_its_names(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "theirs").touch()
    with pytest.raises(BadOption, match="postgres"):
        lock.take(Options(data=folder))
    assert not (folder / marker.NAME).exists()
    assert (folder / "postgres" / "theirs").exists()


def test_a_start_may_share_a_folder_with_files_of_other_names(folder: Path) -> None:
    (folder / "notes.txt").touch()
    marker.claim(folder)
    assert marker.is_ours(folder)


def test_secrets_of_another_program_are_not_ours(folder: Path) -> None:
    (folder / "secrets.json").write_text(json.dumps({"postgres": "x"}))
    assert not marker.is_ours(folder)
