"""Demo data is looked at again only where it, or the code that makes it, changed."""

from pathlib import Path

import pytest

from deploy.local import steps
from deploy.local.steps import Done
from deploy.services import SERVICES


@pytest.fixture
def done(tmp_path: Path) -> Done:
    return Done(tmp_path / "demo-done.json")


def test_holds_what_was_noted_and_nothing_else(done: Done) -> None:
    assert not done.holds("projects", "mark")
    done.note("projects", "mark")
    done.note("feedback", "other")
    assert done.holds("projects", "mark")
    assert not done.holds("projects", "changed")


def test_a_file_that_was_cut_off_is_nothing_done(tmp_path: Path, done: Done) -> None:
    (tmp_path / "demo-done.json").write_text('{"projects": "ma')
    assert not done.holds("projects", "mark")


def test_every_service_has_a_fingerprint_of_its_own() -> None:
    marks = {steps.fingerprint(service) for service in SERVICES}
    assert len(marks) == len(SERVICES)


def test_any_changed_file_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "services" / "projects" / "data"
    folder.mkdir(parents=True)
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    (folder / "units.csv").write_text("D01")
    before = steps.fingerprint("projects")
    (folder / "units.csv").write_text("D02")
    assert steps.fingerprint("projects") != before
