"""The passwords and keys of the embedded stack: made once, kept in `.data/`, mode 0600."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.nats import USERS
from deploy.postgres import Passwords
from deploy.services import SERVICES


@dataclass(frozen=True)
class Secrets:
    """Everything that must be the same at the next start."""

    postgres: str = field(repr=False)
    owners: dict[str, str] = field(repr=False)
    roles: dict[str, str] = field(repr=False)
    nats: dict[str, str] = field(repr=False)
    column_keys: str = field(repr=False)
    index_key: str = field(repr=False)

    def of(self, service: str) -> Passwords:
        """Of the two database roles of a service."""
        return Passwords(owner=self.owners[service], service=self.roles[service])


def generate() -> Secrets:
    """New random ones."""
    return Secrets(
        postgres=secrets.token_urlsafe(24),
        owners={service: secrets.token_urlsafe(24) for service in SERVICES},
        roles={service: secrets.token_urlsafe(24) for service in SERVICES},
        nats={user: secrets.token_urlsafe(24) for user in USERS},
        column_keys=f"k1:{_key()}",
        index_key=_key(),
    )


def kept(path: Path) -> Secrets:
    """Those stored at `path`; at the first call new ones, stored before they are used."""
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(generate()), file, indent=2)
            file.flush()
            os.fsync(descriptor)
        draft.rename(path)
    return Secrets(**json.loads(path.read_text(encoding="utf-8")))


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
