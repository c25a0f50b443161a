"""The gateway's signing keys: one JWK file each, the newest signs, all of them verify.

`python -m services.gateway.access.keys rotate` adds a key to GATEWAY_KEYS_DIR. Running gateways
publish it within a minute and sign with it two minutes later, when every service can know it.
An old key is retired by removing its file, an hour after the rotation or later.
"""

import fcntl
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, OKPKey

from shared import clock

PUBLISHED_FIRST = timedelta(minutes=2)
_STAMP = "%Y%m%dT%H%M%S.%fZ"


class NoKeys(RuntimeError):
    """No usable signing key; the message says where it was looked for."""


def create(folder: Path, now: datetime) -> OKPKey:
    """A new key, in a file of its own that nobody else may read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    path = folder / f"{now.strftime(_STAMP)}.jwk"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(key.as_dict(private=True), file)
    return key


def create_first(folder: Path, now: datetime) -> None:
    """Makes a key where there is none; of several workers that start at once, one makes it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not any(folder.glob("*.jwk")):
            create(folder, now)
    finally:
        os.close(descriptor)


class SigningKeys:
    """The keys of one folder, as last read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: list[tuple[datetime, OKPKey]] = []

    def read(self) -> None:
        """Reads the folder again. Raises NoKeys when it holds none."""
        keys = [_read(path) for path in sorted(self._folder.glob("*.jwk"))]
        if not keys:
            raise NoKeys(f"GATEWAY_KEYS_DIR ({self._folder}) holds no signing key (*.jwk)")
        self._keys = keys

    def exposed(self) -> list[str]:
        """The key files that others than their owner may read."""
        return [p.name for p in self._folder.glob("*.jwk") if p.stat().st_mode & 0o077]

    def signing(self, now: datetime) -> OKPKey:
        """The newest key that has been published for long enough; the oldest while none has."""
        known = [key for created, key in self._keys if created <= now - PUBLISHED_FIRST]
        return known[-1] if known else self._keys[0][1]

    def public(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517) that services verify with."""
        keys = [
            {**key.as_dict(private=False), "use": "sig", "alg": "EdDSA"} for _, key in self._keys
        ]
        return {"keys": keys}

    def key_set(self) -> KeySet:
        """The same as joserfc takes it."""
        return KeySet([OKPKey.import_key(jwk) for jwk in self.public()["keys"]])


def _read(path: Path) -> tuple[datetime, OKPKey]:
    created = datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC)
    return created, OKPKey.import_key(json.loads(path.read_text(encoding="utf-8")))


def main(arguments: list[str]) -> None:
    if arguments != ["rotate"]:
        sys.exit(__doc__)
    folder = Path(os.environ["GATEWAY_KEYS_DIR"])
    sys.stdout.write(f"{create(folder, clock.now()).kid}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
