"""A migration for a CHECK of states that lags behind its enum: Alembic compares CHECKs by name."""

import re
import sys

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import CheckConstraint, Table

NAME = "onedoor.states"
_LITERAL = re.compile(r"'([^']*)'")
_KNOWN = "_known"


def _states(sql: str) -> frozenset[str]:
    """What a CHECK lists; PostgreSQL keeps `IN (...)` as `= ANY (ARRAY[...])`."""
    return frozenset(_LITERAL.findall(sql))


def _compare(
    context: AutogenContext,
    changes: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    reflected: Table | None,
    declared: Table | None,
) -> PriorityDispatchResult:
    if reflected is None or declared is None:
        return PriorityDispatchResult.CONTINUE
    present = context.inspector.get_check_constraints(name, schema=schema)
    sql = {check["name"]: check["sqltext"] for check in present}
    for check in sorted(declared.constraints, key=lambda one: str(one.name)):
        if not isinstance(check, CheckConstraint) or not str(check.name).endswith(_KNOWN):
            continue
        # The name by the convention that the database knows it by.
        known_as = f"ck_{name}_{str(check.name).removeprefix(f'ck_{name}_')}"
        wanted = str(check.sqltext)
        if known_as in sql and _states(sql[known_as]) != _states(wanted):
            old = CheckConstraint(sql[known_as], name=known_as, table=reflected)
            changes.ops += [
                ops.DropConstraintOp.from_constraint(old),
                ops.AddConstraintOp.from_constraint(check),
            ]
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Alembic calls this when the plugin is registered."""
    plugin.add_autogenerate_comparator(_compare, "table", "states")


# Here and not in `env.py`, which Alembic reads anew for every command: a name registers once.
Plugin.setup_plugin_from_module(sys.modules[__name__], NAME)
