"""Encrypted columns and what finds what is in them.

Envelope: `v1|suite|key-id|nonce|ciphertext` (AES-256-GCM, base64; the tag ends the ciphertext).
The place is the additional data, so that a cell copied to another row or column does not open. The
first key encrypts, all decrypt: rotation is adding a key in front and sealing anew.
"""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.security.personal import normalise_id_number, normalise_phone

SUITE = "A256GCM"

log = structlog.get_logger()


class CannotOpen(Exception):
    """The envelope is damaged, moved, or its key is not loaded."""


UNREADABLE = "（无法打开）"
"""Shown in a list in place of what does not open."""


class Keyring:
    """Seals and opens column values, and indexes them blindly."""

    def __init__(self, column_keys: str, index_key: str) -> None:
        pairs = [pair.strip().partition(":") for pair in column_keys.split(",") if pair.strip()]
        # Nothing of the setting is in an error: without its colon the "name" would be the key.
        setting = "ONEDOOR_COLUMN_KEYS"
        self._keys = {name: AESGCM(_key(encoded, setting)) for name, _, encoded in pairs}
        if not self._keys:
            raise ValueError("ONEDOOR_COLUMN_KEYS holds no key")
        if len(self._keys) < len(pairs):
            raise ValueError(f"{setting} gives two keys the same id")
        self._current = pairs[0][0]
        self._index_key = _key(index_key, "ONEDOOR_INDEX_KEY")

    @property
    def key_ids(self) -> list[str]:
        """Of all column keys, first the one that seals."""
        return list(self._keys)

    @property
    def prefix(self) -> str:
        """How every envelope begins that the first key sealed."""
        return f"v1|{SUITE}|{self._current}|"

    def seal_anew(self, sealed: str, *, where: str, row: str) -> str:
        """The same plain text under the first key. Raises CannotOpen."""
        return self.seal(self.open(sealed, where=where, row=row), where=where, row=row)

    def seal(self, plain: str, *, where: str, row: str) -> str:
        """The envelope of `plain` for the column `where` ("citizen.phone") of the row `row`."""
        nonce = secrets.token_bytes(12)
        sealed = self._keys[self._current].encrypt(nonce, plain.encode(), _place(where, row))
        return f"{self.prefix}{_text(nonce)}|{_text(sealed)}"

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

    def open_or_note(self, sealed: str, *, where: str, row: str) -> str:
        """The plain text, for a list: what lost its key or was damaged hides no other row."""
        try:
            return self.open(sealed, where=where, row=row)
        except CannotOpen:
            log.error("cell_cannot_be_opened", where=where, row=row)
            return UNREADABLE

    def blind_index(self, value: str, *, where: str) -> str:
        """A keyed digest (hex) that finds equal values without showing them."""
        return self.digest(f"{where}\n{value}")

    def phone_index(self, typed: str, *, where: str) -> str:
        """The index of a phone number, the same however it is typed. Raises ValueError."""
        return self.blind_index(normalise_phone(typed), where=where)

    def document_index(self, typed: str, *, where: str) -> str:
        """The index of the number of an ID card or certificate, the same however it is typed."""
        return self.blind_index(normalise_id_number(typed), where=where)

    def digest(self, text: str) -> str:
        """HMAC-SHA-256 of `text` under the index key, hex."""
        return hmac.new(self._index_key, text.encode(), hashlib.sha256).hexdigest()


def _key(encoded: str, name: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(f"{name} must be 32 bytes in base64")
    return key


def _place(where: str, row: str) -> bytes:
    return f"{where}.{row}".encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def rating_key(keyring: Keyring, case_id: UUID) -> str:
    """What opens the invitation to rate a case: handed over with the ticket, and to nobody else.

    The id of a case is known to whoever works on it, so the id alone must not be enough to rate.
    The key is derived on both sides, from the index key that they share, and stored on neither.
    """
    return keyring.blind_index(str(case_id), where="rating.key")[:32]


def ticket_key(keyring: Keyring, visit_id: UUID) -> str:
    """What lets somebody without an account follow a ticket: handed over with it, like the above.

    Ids travel in events and stand in logs, so that an id alone must open nothing.
    """
    return keyring.blind_index(str(visit_id), where="ticket.key")[:32]
