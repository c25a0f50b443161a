"""Encrypted columns and what finds and masks what is in them.

Envelope: `v1|suite|key-id|nonce|ciphertext` (AES-256-GCM, base64; the tag ends the ciphertext).
The place is the additional data, so that a cell copied to another row or column does not open. The
first key encrypts, all decrypt: rotation is adding a key in front and sealing anew.
"""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from datetime import date
from typing import Annotated
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Request

SUITE = "A256GCM"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class CannotOpen(Exception):
    """The envelope is damaged, moved, or its key is not loaded."""


class Keyring:
    """Seals and opens column values, and indexes them blindly."""

    def __init__(self, column_keys: str, index_key: str) -> None:
        pairs = [pair.strip().partition(":") for pair in column_keys.split(",") if pair.strip()]
        self._keys = {name: AESGCM(_key(encoded, name)) for name, _, encoded in pairs}
        if not self._keys:
            raise ValueError("ONEDOOR_COLUMN_KEYS holds no key")
        self._current = pairs[0][0]
        self._index_key = _key(index_key, "ONEDOOR_INDEX_KEY")

    def seal(self, plain: str, *, where: str, row: str) -> str:
        """The envelope of `plain` for the column `where` ("citizen.phone") of the row `row`."""
        nonce = secrets.token_bytes(12)
        sealed = self._keys[self._current].encrypt(nonce, plain.encode(), _place(where, row))
        return "|".join(("v1", SUITE, self._current, _text(nonce), _text(sealed)))

    def open(self, sealed: str, *, where: str, row: str) -> str:
        """The plain text. Raises CannotOpen."""
        try:
            version, suite, name, nonce, cipher = sealed.split("|")
            if (version, suite) != ("v1", SUITE):
                raise CannotOpen(f"unknown envelope {version}|{suite}")
            key = self._keys[name]
            opened = key.decrypt(
                base64.b64decode(nonce), base64.b64decode(cipher), _place(where, row)
            )
        except (ValueError, KeyError, InvalidTag) as error:
            raise CannotOpen(f"cannot open {where}") from error
        return opened.decode()

    def blind_index(self, value: str, *, where: str) -> str:
        """A keyed digest (hex) that finds equal values without showing them."""
        return self.digest(f"{where}\n{value}")

    def digest(self, text: str) -> str:
        """HMAC-SHA-256 of `text` under the index key, hex."""
        return hmac.new(self._index_key, text.encode(), hashlib.sha256).hexdigest()


def _key(encoded: str, name: str) -> bytes:
    key = base64.b64decode(encoded)
    if len(key) != 32:
        raise ValueError(f"{name} must be 32 bytes in base64")
    return key


def _place(where: str, row: str) -> bytes:
    return f"{where}.{row}".encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


async def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.state.keyring
    return keyring


Vault = Annotated[Keyring, Depends(_keyring)]


def rating_key(keyring: Keyring, case_id: UUID) -> str:
    """What opens the invitation to rate a case: handed over with the ticket, and to nobody else.

    The id of a case is known to whoever works on it, so the id alone must not be enough to rate.
    The key is derived on both sides, from the index key that they share, and stored on neither.
    """
    return keyring.blind_index(str(case_id), where="rating.key")[:32]


def normalise_id_number(typed: str) -> str:
    """Half-width, without spaces, upper case."""
    return unicodedata.normalize("NFKC", typed).replace(" ", "").upper()


def valid_id_number(typed: str) -> bool:
    """Whether this is a citizen number 公民身份号码 (GB 11643): length, birth date, check digit."""
    number = normalise_id_number(typed)
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]


def mask_name(name: str) -> str:
    """The surname and stars: 张**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_phone(phone: str) -> str:
    """138****1234; shorter numbers keep their last two digits."""
    if len(phone) == 11:
        return f"{phone[:3]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:]
