"""The pages of docs/workflows/ are the tables of states, no more and no less."""

import pytest

from deploy.workflows import FOLDER, pages

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_its_table(name: str) -> None:
    written = (FOLDER / name).read_text("utf-8")
    assert written == PAGES[name], "run: python -m deploy.workflows"


def test_there_is_no_page_without_a_table() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)
