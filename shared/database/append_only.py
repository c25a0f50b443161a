"""For migrations: tables that are only ever added to, whoever tries, the owner included."""

from alembic import op

_FUNCTION = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION '% is {words}', TG_TABLE_NAME"
    " USING ERRCODE = '{code}'; END $$"
)
_CHANGES = "UPDATE OR DELETE OR TRUNCATE"


def define(words: str = "append only", code: str = "insufficient_privilege") -> None:
    """Make the function that refuses: once in a database, before its first `protect`."""
    op.execute(_FUNCTION.format(words=words, code=code))


def protect(*tables: str, name: str = "append_only", changes: str = _CHANGES) -> None:
    """Refuse these changes of the tables' rows; of some columns only with `UPDATE OF a, b`."""
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {changes} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def release(*tables: str, name: str = "append_only") -> None:
    """Undo `protect`."""
    for table in tables:
        op.execute(f"DROP TRIGGER {name} ON {table}")


def undefine() -> None:
    """Undo `define`."""
    op.execute("DROP FUNCTION refuse_change()")
