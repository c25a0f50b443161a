"""Demo data is looked at again only where it, or the code that makes it, changed."""

from pathlib import Path

import pytest

from deploy.local import demo
from deploy.local.demo import Loaded
from deploy.services import SERVICES


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return Loaded(tmp_path / "demo-loaded.json")


def test_holds_what_was_noted_and_nothing_else(loaded: Loaded) -> None:
    assert not loaded.holds("projects", "mark")
    loaded.note("projects", "mark")
    loaded.note("feedback", "other")
    assert loaded.holds("projects", "mark")
    assert not loaded.holds("projects", "changed")


def test_a_file_that_was_cut_off_is_nothing_loaded(tmp_path: Path, loaded: Loaded) -> None:
    (tmp_path / "demo-loaded.json").write_text('{"projects": "ma')
    assert not loaded.holds("projects", "mark")


def test_every_service_has_a_fingerprint_of_its_own() -> None:
    marks = {demo.fingerprint(service) for service in SERVICES}
    assert len(marks) == len(SERVICES)


def test_any_changed_file_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "services" / "projects" / "data"
    folder.mkdir(parents=True)
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    (folder / "units.csv").write_text("D01")
    before = demo.fingerprint("projects")
    (folder / "units.csv").write_text("D02")
    assert demo.fingerprint("projects") != before
