"""`python -m deploy.env`: writes `.env` with new passwords and keys for docker compose.

An existing `.env` is left alone: its passwords are those of a database that exists.
"""

import os
import sys
from pathlib import Path

from deploy.local import secrets
from deploy.nats import USERS
from deploy.services import SERVICES

ENV = Path(__file__).resolve().parents[1] / ".env"


def render() -> str:
    """The text of a new `.env`: every variable that docker-compose.yml asks for."""
    new = secrets.generate()
    rows = {"POSTGRES_PASSWORD": new.postgres}
    for service in SERVICES:
        rows[f"{service.upper()}_OWNER_PASSWORD"] = new.owners[service]
        rows[f"{service.upper()}_DATABASE_PASSWORD"] = new.roles[service]
    rows |= {f"NATS_{user.upper()}_PASSWORD": new.nats[user] for user in USERS}
    rows |= {"ONEDOOR_COLUMN_KEYS": new.column_keys, "ONEDOOR_INDEX_KEY": new.index_key}
    return "".join(f"{name}={value}\n" for name, value in rows.items())


def main() -> None:
    if ENV.exists():
        sys.exit(f"{ENV.name} 已存在，未改动。 {ENV.name} exists; nothing was changed.")
    with os.fdopen(os.open(ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(render())
    print(f"已生成 {ENV.name}（仅本人可读）。 Wrote {ENV.name}, for your eyes only.")


if __name__ == "__main__":
    main()
