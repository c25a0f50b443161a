"""pgbench of the project's own PostgreSQL: what the database alone can do of a statement."""

import re
import subprocess
import tempfile

from deploy.local import postgres

_COMMENT = re.compile(r"--.*")
_TPS = re.compile(r"tps = ([\d.]+)")


def one_line(statement: str) -> str:
    """The statement without comments and line ends, since pgbench reads commands line by line."""
    return " ".join(_COMMENT.sub("", statement).split())


def run(url: str, script: str, clients: int, *options: str) -> float:
    """Transactions a second, prepared; `options` say how many or how long. Raises AssertionError
    with what pgbench printed."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        usual = ["-n", "-M", "prepared", "-j", "2", "-c", str(clients), "-f", file.name]
        command = [str(postgres.program("pgbench")), *usual, *options, url]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _TPS.search(ran.stdout) if ran.returncode == 0 else None
    assert found, ran.stdout + ran.stderr
    return float(found[1])
