"""SQL stands in `queries.py` and `statement.py`; what else has some is listed with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.houserules.source import SOURCE, name, nodes, of_every, tree

PLACES = {"queries.py", "statement.py"}
EXCEPTIONS = {
    "deploy/postgres.py": "sets up roles and databases, which no service may",
    "deploy/rebuild.py": "reads the outbox of any service again, by its owner's connection",
    "deploy/anew.py": "changes whole columns of any service, by its owner's connection",
    "deploy/index_anew.py": "looks at the digests of any service, by its owner's connection",
    "deploy/seal_anew.py": "changes the sealed columns of any service, by its owner's connection",
    "services/appointments/booking/around.py": "what places go by, in one read of many rooms",
    "services/appointments/booking/displaced.py": "who is given places anew, of several rooms",
    "services/appointments/booking/seen.py": "what a change goes by, in one read of several rooms",
    "services/appointments/issuing/seen.py": "what a hall issues by, in one read of several rooms",
    "services/appointments/queueing/seen.py": "what an action goes by, in one read of many rooms",
    "services/feedback/demo.py": "fills the tables of many rooms before anybody uses them",
    "services/projects/coverage.py": "which carriers a duty has reached, of several rooms",
    "services/projects/successors.py": "which unit stands for a merged one, for several rooms",
    "services/projects/duties/seen.py": "what an action goes by, in one read of several rooms",
    "services/projects/demo.py": "fills the tables of many rooms before anybody uses them",
    "shared/jobs.py": "the lock of the one who runs a job",
    "shared/messaging/inbox.py": "one table, and all that is done to it",
    "shared/messaging/outbox.py": "one table, and all that is done to it",
    "shared/security/audit_log.py": "two tables, and all that is done to them",
    "shared/web/idempotency.py": "one table, and all that is done to it",
}
"""Each keeps its statements at its head, where a drawer has no rooms that could have queries."""
DRAWER_OF_SQL = "shared/database/"

LIBRARIES = {"sqlalchemy", "sqlmodel"}
BUILDERS = {
    "select", "insert", "update", "delete", "text", "exists", "union", "union_all", "except_",
    "intersect", "literal_column", "lateral", "values",
}  # fmt: skip
_READ: tuple[type[ast.AST], ...] = (ast.Name, ast.Attribute, ast.Constant)
_IMPORTS: tuple[type[ast.AST], ...] = (ast.Import, ast.ImportFrom)
SQL = re.compile(
    r"\s*(?:(?:--[^\n]*\n|/\*.*?\*/|\()\s*)*"
    r"(?:SELECT|select|INSERT INTO|insert into|DELETE FROM|delete from|MERGE INTO|merge into"
    r"|TRUNCATE|LOCK TABLE|(?:UPDATE|update) [\w.]+(?: \w+)?\s+(?:SET|set)"
    r"|(?:WITH|with) [\w, ()]+ (?:AS|as)\b)(?=\W|$)",
    re.DOTALL,
)


def built(module: ast.Module) -> Iterator[str]:
    """The statements that a module builds or writes out, by whatever name it calls the builder."""
    builders, libraries = dict(_imported(module)), set(_libraries(module))
    documentation = {id(node.value) for node in nodes(module, ast.Expr)}
    for node in nodes(module, *_READ):
        match node:
            case ast.Name(id=called) if called in builders:
                yield f"{node.lineno}: {builders[called]}"
            case ast.Attribute(attr=called) if called in BUILDERS and _of(node, libraries):
                yield f"{node.lineno}: {called}"
            case ast.Constant(value=str(value)) if id(node) not in documentation:
                if SQL.match(value):
                    yield f"{node.lineno}: {value.strip()[:40]}"


def _imported(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in nodes(module, ast.ImportFrom):
        if (node.module or "").split(".")[0] in LIBRARIES:
            for alias in node.names:
                if alias.name in BUILDERS:
                    yield alias.asname or alias.name, alias.name


def _libraries(module: ast.Module) -> Iterator[str]:
    """By what names the module reaches into the libraries, or into a part of them."""
    for node in nodes(module, *_IMPORTS):
        match node:
            case ast.Import():
                for alias in node.names:
                    if alias.name.split(".")[0] in LIBRARIES:
                        yield alias.asname or alias.name.split(".")[0]
            case ast.ImportFrom(module=str(module_name)) if module_name.split(".")[0] in LIBRARIES:
                yield from (alias.asname or alias.name for alias in node.names)


def _of(node: ast.Attribute, libraries: set[str]) -> bool:
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        if value.attr == "__table__":
            return True
        value = value.value
    return isinstance(value, ast.Name) and value.id in libraries


def may(path: Path) -> bool:
    return path.name in PLACES or name(path).startswith(DRAWER_OF_SQL)


@of_every([p for p in SOURCE if not may(p)])
def test_sql_stands_in_queries_or_statement(path: Path) -> None:
    found = list(built(tree(path)))
    if path.name == "models.py":
        # A table's own conditions: checks, partial indexes, defaults.
        found = [each for each in found if not each.endswith(": text")]
    assert bool(found) is (name(path) in EXCEPTIONS), found


def test_no_reason_outlives_its_file() -> None:
    assert set(map(name, SOURCE)) >= set(EXCEPTIONS)


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy import select\nselect(x)",
        "from sqlalchemy import text as t\nt(words)",
        "from sqlmodel import select\nfind = select",
        "from sqlalchemy.dialects.postgresql import insert as put\nput(x)",
        "import sqlalchemy as sa\nsa.select(x)",
        "import sqlalchemy\nsqlalchemy.sql.text(words)",
        "import sqlalchemy.sql\nsqlalchemy.sql.delete(x)",
        "from sqlalchemy.dialects import postgresql as pg\npg.insert(x)",
        "Ticket.__table__.update()",
        "run('SELECT 1')",
        "run('select id from ticket')",
        "run('\\n  -- why\\n  SELECT 1')",
        "run('/* why */ INSERT INTO ticket VALUES (1)')",
        "run('(SELECT 1) UNION (SELECT 2)')",
        "run('UPDATE ticket SET state = 1')",
        "run('UPDATE ticket t\\nSET state = 1')",
        "run('WITH RECURSIVE a (b) AS (SELECT 1) TABLE a')",
        "run(f'DELETE FROM {table}')",
        "run(f'{head} ' 'x' + ' SELECT 1')",
    ],
)
def test_sql_is_seen(code: str) -> None:
    assert list(built(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy import ColumnElement\nwhere: ColumnElement",
        "from sqlmodel import col\ncol(x)",
        "import app as sa\nsa.select(x)",
        "from shared.errors import text\ntext(x)",
        "def read():\n    'SELECT, and what becomes of it.'",
        "say('Select a hall')",
        "say('Update the letter, then set its state')",
        "say('with all its rows')",
        "digest.update(x)",
    ],
)
def test_what_is_no_sql_is_let_be(code: str) -> None:
    assert not list(built(ast.parse(code)))
