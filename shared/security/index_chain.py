"""Keyed digests whose key can be changed, though what they were made of is kept nowhere.

The keys are a chain, oldest first. Under the first alone a digest is HMAC-SHA-256 in hex. Each
further key `b` digests the digest before it: `b.` and the HMAC of that in base64 (URL-safe, without
padding). So what is stored is lifted to the newest key without its plain value, and whoever has an
older key alone can compute nothing that is stored. The first key stays for good: it is a salt then.
"""

import base64
import binascii
import hashlib
import hmac
import re
from contextlib import suppress
from datetime import date, datetime

SETTING = "ONEDOOR_INDEX_KEY"
_ID = re.compile(r"[a-z0-9]{1,8}")
"""Short, so that a digest fits into 64 characters under any key."""


class UnknownIndexKey(Exception):
    """A stored digest is of a key that this process was not given."""


class IndexChain:
    """Digests by a chain of keys: `<base64>[,<id>:<base64>...]`, the oldest first."""

    def __init__(self, setting: str) -> None:
        """Raises ValueError, which repeats nothing of the setting."""
        first, *others = [part.strip() for part in setting.split(",")]
        pairs = [(name.strip(), encoded.strip()) for name, _, encoded in map(_parted, others)]
        if not all(_ID.fullmatch(name) for name, _ in pairs):
            raise ValueError(f"{SETTING}: each key but the first needs an id of a-z and 0-9")
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError(f"{SETTING} gives two keys the same id")
        self._keys = [("", decoded(first, SETTING))]
        self._keys += [(name, decoded(encoded, SETTING)) for name, encoded in pairs]
        self._depths = {name: depth for depth, (name, _) in enumerate(self._keys)}

    @property
    def ids(self) -> list[str]:
        """Of all keys, oldest first; the first has none and is the empty string."""
        return [name for name, _ in self._keys]

    @property
    def prefix(self) -> str:
        """How every digest of the newest key begins; empty while there is but one."""
        newest = self._keys[-1][0]
        return f"{newest}." if newest else ""

    def forms(self, text: str) -> list[str]:
        """The digest of `text` under every key, the newest first."""
        key = self._keys[0][1]
        first = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return self.forms_of(first) if len(self._keys) > 1 else [first]

    def forms_handed_out(self, text: str, made_on: date | None) -> list[str]:
        """The digests of `text` that may have been handed out for what was made on a day, the
        newest first: a key whose id is a day (20261130) ends those before it with that day.
        """
        forms = self.forms(text)
        for newer, (name, _) in enumerate(reversed(self._keys)):
            began = _day(name)
            if began is not None and made_on is not None and made_on > began:
                return forms[: newer + 1]
        return forms

    def forms_of(self, stored: str) -> list[str]:
        """What a stored digest is under its own key and every later one, the newest first.

        Raises UnknownIndexKey.
        """
        name, dot, _ = stored.rpartition(".")
        depth = self._depths.get(name)
        if depth is None or (dot and not name):
            raise UnknownIndexKey(f"{SETTING} does not name the key of a stored digest")
        forms = [stored]
        for later, key in self._keys[depth + 1 :]:
            digest = hmac.new(key, forms[0].encode(), hashlib.sha256).digest()
            forms.insert(0, f"{later}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}")
        return forms

    def lift(self, stored: str) -> str:
        """A stored digest under the newest key. Raises UnknownIndexKey."""
        return self.forms_of(stored)[0]


def encoded_keys(setting: str) -> list[str]:
    """The keys of a setting of either kind as they are written, without their ids."""
    return [part.rpartition(":")[2].strip() for part in setting.split(",")]


def decoded(encoded: str, setting: str) -> bytes:
    """A key. Raises ValueError, which repeats nothing of it."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError(f"{setting} must be 32 bytes in base64")
    return key


def _day(name: str) -> date | None:
    """The day that the id of a key is, None for another id."""
    with suppress(ValueError):
        if len(name) != len("20261130"):  # strptime takes a month for the first of a year
            return None
        return datetime.strptime(name, "%Y%m%d").date()  # noqa: DTZ007
    return None


def _parted(pair: str) -> tuple[str, str, str]:
    return pair.partition(":")
