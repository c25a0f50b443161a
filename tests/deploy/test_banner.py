"""The banner tells where the system is, who can reach it, and whom to sign in as."""

import json
import os
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from deploy.local import banner, options, servers
from deploy.local.__main__ import welcome

ACCOUNTS = [{"account": "clerk1", "role": "clerk", "places": ["H001"], "password": "a-b-c"}]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_system_for_this_machine_says_so(host: str) -> None:
    told = "\n".join(banner.reach(options.read({"HOST": host})))
    assert "Only this machine" in told
    assert "http" not in told


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_system_for_the_network_does_not_say_that_it_is_for_this_machine_only(host: str) -> None:
    chosen = options.read({"HOST": host, "PORT": "8123"})
    told = "\n".join(banner.reach(chosen))
    assert "Only this machine" not in told
    assert "everybody on the network can reach it" in told
    for line in told.splitlines():
        _, found, address = line.partition("http://")
        if found:
            name = address.removesuffix(":8123").strip("[]")
            assert not ip_address(name).is_loopback
            assert not ip_address(name).is_unspecified


def test_an_address_that_was_chosen_is_the_one_told() -> None:
    told = banner.reach(options.read({"HOST": "192.0.2.7"}))
    assert "http://192.0.2.7:8000" in told[0]


def test_prints_addresses_and_passwords_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEDOOR_DATA", str(tmp_path))
    assert banner.main() == 1
    said = capsys.readouterr().out
    assert "start make run in another terminal first" in said
    assert "make accounts ONEDOOR_DATA=" in said
    monkeypatch.setenv("PORT", "many")
    assert banner.main() == 1
    assert "PORT=many is not a port" in capsys.readouterr().out
    monkeypatch.delenv("PORT")
    (tmp_path / "demo-accounts.json").write_text(json.dumps(ACCOUNTS))
    (tmp_path / "stack.json").write_text(json.dumps({"ONEDOOR_URL": "http://127.0.0.1:8600"}))
    assert banner.main() == 0
    told = capsys.readouterr().out
    assert "http://127.0.0.1:8600/live/halls/H001" in told
    assert "a-b-c" in told


def test_a_port_stays_until_somebody_else_has_it(tmp_path: Path) -> None:
    kept = tmp_path / "nats.port"
    port = servers.kept_port(kept)
    assert servers.kept_port(kept) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        assert servers.kept_port(kept) != port


def test_a_port_file_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    kept = tmp_path / "nats.port"
    kept.write_text("")
    assert servers.kept_port(kept) > 0


def test_what_to_type_next_finds_this_system_and_stops_it_wherever_it_runs() -> None:
    """A shell's job in the background does not hear Ctrl-C, and `make` ignores its signal there."""
    assert f"kill {os.getpid()}\n" in welcome(options.read({}), 1)
    assert "make tour\n" in welcome(options.read({"PORT": "8123"}), 1)
    elsewhere = welcome(options.read({"ONEDOOR_DATA": "/tmp/a city"}), 1)
    assert "make tour ONEDOOR_DATA='/tmp/a city'\n" in elsewhere
    assert "make accounts ONEDOOR_DATA='/tmp/a city'\n" in elsewhere
