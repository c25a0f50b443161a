"""Somebody who may do everything, for tests that want to reach every operation's depths."""

import time
from pathlib import Path
from uuid import uuid4

from joserfc import jwt

from services.gateway.access.keys import SigningKeys
from shared import clock
from shared.security.identity import ROLES


def almighty(keys_folder: Path) -> dict[str, str]:
    """Headers with a token of every role everywhere, signed with the gateway's own key."""
    keys = SigningKeys(keys_folder)
    keys.read()
    key = keys.signing(clock.now())
    now = int(time.time())
    claims = {
        "iss": "onedoor",
        "aud": "onedoor",
        "sub": "almighty",
        "roles": sorted(ROLES),
        "places": ["*"],
        "iat": now,
        "exp": now + 3600,
        "jti": uuid4().hex,
    }
    header = {"alg": "EdDSA", "kid": key.kid, "typ": "at+jwt"}
    return {"Authorization": f"Bearer {jwt.encode(header, claims, key, algorithms=['EdDSA'])}"}
