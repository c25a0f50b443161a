"""A start that is refused says what to type instead and leaves nothing; a signal counts once."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import lock
from deploy.local.__main__ import is_echo
from deploy.local.options import BadOption, Options


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_start_on_a_taken_port_leaves_no_folder(taken: int, tmp_path: Path) -> None:
    with pytest.raises(BadOption):
        lock.claim(Options(port=taken, data=tmp_path / "a" / "city"))
    assert list(tmp_path.iterdir()) == []


def test_the_port_that_is_advised_is_free_and_for_the_same_folder(
    taken: int, tmp_path: Path
) -> None:
    data = tmp_path / "a city"
    with pytest.raises(BadOption) as refused:
        lock.claim(Options(port=taken, data=data))
    for told in (refused.value.zh, refused.value.en):
        assert f"make run ONEDOOR_DATA='{data}' PORT=" in told
    advised = int(refused.value.en.rpartition("PORT=")[2])
    assert advised != taken
    lock.check_port(Options(port=advised))


def test_the_address_that_was_asked_for_stays_in_the_advice(taken: int) -> None:
    with pytest.raises(BadOption) as refused:
        lock.check_port(Options(host="0.0.0.0", port=taken))
    assert "make run HOST=0.0.0.0 PORT=" in refused.value.en


def test_no_port_is_advised_where_the_address_is_not_of_this_machine() -> None:
    with pytest.raises(BadOption) as refused:
        lock.check_port(Options(host="192.0.2.7"))
    assert "make run HOST=127.0.0.1" in refused.value.en
    assert "PORT=" not in refused.value.en


@pytest.mark.parametrize(
    ("first", "now", "echo"), [(None, 5.0, False), (5.0, 5.2, True), (5.0, 6.0, False)]
)
def test_one_signal_that_comes_twice_at_once_is_one(
    first: float | None, now: float, echo: bool
) -> None:
    assert is_echo(first, now) is echo
