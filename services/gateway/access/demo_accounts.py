"""Accounts to try a local system with, listed in a file that only its owner may read."""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import passwords, queries
from services.gateway.access.models import Account, AccountState
from shared.ids import new_id

ACCOUNTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("citizen1", "citizen", ()),
    ("clerk1", "clerk", ("H001",)),
    ("manager1", "hall_manager", ("H001",)),
    ("device1", "device", ("H001",)),
    ("officer-d01", "officer", ("D01",)),
    ("officer-d03", "officer", ("D03",)),
    ("officer-pboc", "officer", ("PBOC",)),
    ("reviewer1", "reviewer", ("*",)),
    ("reviewer2", "reviewer", ("*",)),
    ("auditor1", "auditor", ("*",)),
    ("auditor2", "auditor", ("*",)),
    ("dispatcher1", "dispatcher", ("*",)),
    ("supervisor1", "supervisor", ("*",)),
    ("supervisor2", "supervisor", ("*",)),
    ("admin1", "admin", ("*",)),
    ("admin2", "admin", ("*",)),
    ("system1", "system", ("*",)),
)
"""Two of each role whose decisions need a second person."""


async def are_there(session: AsyncSession, file: Path) -> bool:
    """Whether every demo account exists and is listed in the file."""
    names = {name for name, _, _ in ACCOUNTS}
    return names <= set(await queries.demo_names(session)) and names <= _listed(file).keys()


async def ensure(session: AsyncSession, file: Path, now: datetime) -> list[dict[str, Any]]:
    """Creates every demo account with the password in the file, and lists them there.

    Passwords in the file stay as they are, so that what somebody noted keeps working.
    """
    listed, known = _listed(file), await queries.demo_hashes(session)
    entries = []
    for name, role, places in ACCOUNTS:
        password = listed.get(name) or passwords.random_password()
        if not await passwords.matches(known.get(name), password):
            await queries.put_demo(session, await _values(name, role, places, password, now))
        entries.append(
            {"account": name, "role": role, "places": list(places), "password": password}
        )
    await asyncio.to_thread(_write, file, entries)
    return entries


async def _values(
    name: str, role: str, places: tuple[str, ...], password: str, now: datetime
) -> dict[str, Any]:
    account = Account(
        id=new_id(),
        name=name,
        password_hash=await passwords.hashed(password),
        roles=[role],
        places=list(places),
        state=AccountState.ACTIVE,
        is_demo=True,
        password_set_at=now,
        created_at=now,
    )
    return account.model_dump()


def _listed(file: Path) -> Mapping[str, str]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {entry["account"]: entry["password"] for entry in entries}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def _write(file: Path, entries: list[dict[str, Any]]) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(entries, out, ensure_ascii=False, indent=1)
    fresh.replace(file)
