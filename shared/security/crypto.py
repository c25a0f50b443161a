"""Encrypted columns and what finds what is in them.

Envelope: `v1|suite|key-id|nonce|ciphertext` (AES-256-GCM, base64; the tag ends the ciphertext).
The place is the additional data, so that a cell copied to another row or column does not open. The
first key encrypts, all decrypt: rotation is adding a key in front and sealing anew. The keys of the
digests are a chain, and a new one is added at its end: see `index_chain`.
"""

import base64
import secrets
from hmac import compare_digest
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.ids import made_on
from shared.security.index_chain import IndexChain, decoded
from shared.security.personal import normalise_id_number, normalise_phone

SUITE = "A256GCM"

log = structlog.get_logger()


class CannotOpen(Exception):
    """The envelope is damaged, moved, or its key is not loaded."""


UNREADABLE = "（无法打开）"
"""Shown in a list in place of what does not open."""


class Keyring:
    """Seals and opens column values, and indexes them blindly."""

    def __init__(self, column_keys: str, index_keys: str) -> None:
        pairs = [pair.strip().partition(":") for pair in column_keys.split(",") if pair.strip()]
        # Nothing of the setting is in an error: without its colon the "name" would be the key.
        setting = "ONEDOOR_COLUMN_KEYS"
        self._keys = {name: AESGCM(decoded(encoded, setting)) for name, _, encoded in pairs}
        if not self._keys:
            raise ValueError("ONEDOOR_COLUMN_KEYS holds no key")
        if len(self._keys) < len(pairs):
            raise ValueError(f"{setting} gives two keys the same id")
        self._current = pairs[0][0]
        self.index = IndexChain(index_keys)

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

    @property
    def is_chained(self) -> bool:
        """Whether the index key was ever changed, so that digests of an older one may be stored."""
        return len(self.index.ids) > 1

    def blind_index(self, value: str, *, where: str) -> str:
        """A keyed digest that finds equal values without showing them: of the newest key."""
        return self.forms(value, where=where)[0]

    def forms(self, value: str, *, where: str) -> list[str]:
        """The digests under which the value may be stored, the newest first.

        One, unless the index key was changed.
        """
        return self.index.forms(f"{where}\n{value}")

    def phone_index(self, typed: str, *, where: str) -> str:
        """The index of a phone number, the same however it is typed. Raises ValueError."""
        return self.phone_forms(typed, where=where)[0]

    def phone_forms(self, typed: str, *, where: str) -> list[str]:
        """The digests under which a phone number may be stored. Raises ValueError."""
        return self.forms(normalise_phone(typed), where=where)

    def document_index(self, typed: str, *, where: str) -> str:
        """The index of the number of an ID card or certificate, the same however it is typed."""
        return self.document_forms(typed, where=where)[0]

    def document_forms(self, typed: str, *, where: str) -> list[str]:
        """The digests under which such a number may be stored."""
        return self.forms(normalise_id_number(typed), where=where)

    def lift(self, stored: str) -> str:
        """A stored digest under the newest key. Raises UnknownIndexKey."""
        return self.index.lift(stored)

    def is_index(self, stored: str, computed: str) -> bool:
        """Whether a stored digest is the one just computed, in constant time.

        Raises UnknownIndexKey.
        """
        return compare_digest(self.lift(stored), computed)


def _place(where: str, row: str) -> bytes:
    return f"{where}.{row}".encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


_HANDED_OUT = 32
"""Characters of a digest that is handed out as a key."""


def handed_out(keyring: Keyring, value: str, *, where: str) -> str:
    """A key for somebody that is derived whenever it is needed, and stored nowhere."""
    return keyring.blind_index(value, where=where)[:_HANDED_OUT]


def was_handed_out(keyring: Keyring, given: str, row_id: UUID, *, where: str) -> bool:
    """Whether that key was given to somebody for a row, under whichever of the index keys was the
    newest since the row was made.
    """
    text = f"{where}\n{row_id}"
    forms = keyring.index.forms_handed_out(text, made_on(row_id))
    same = [compare_digest(given.encode(), form[:_HANDED_OUT].encode()) for form in forms]
    return any(same)


_RATING, _TICKET = "rating.key", "ticket.key"


def rating_key(keyring: Keyring, case_id: UUID) -> str:
    """What opens the invitation to rate a case: handed over with the ticket, and to nobody else.

    The id of a case is known to whoever works on it, so the id alone must not be enough to rate.
    The key is derived on both sides, from the index key that they share, and stored on neither.
    """
    return handed_out(keyring, str(case_id), where=_RATING)


def is_rating_key(keyring: Keyring, case_id: UUID, given: str) -> bool:
    """Whether it is that of the case."""
    return was_handed_out(keyring, given, case_id, where=_RATING)


def ticket_key(keyring: Keyring, visit_id: UUID) -> str:
    """What lets somebody without an account follow a ticket: handed over with it, like the above.

    Ids travel in events and stand in logs, so that an id alone must open nothing.
    """
    return handed_out(keyring, str(visit_id), where=_TICKET)


def is_ticket_key(keyring: Keyring, visit_id: UUID, given: str) -> bool:
    """Whether it is that of the visit."""
    return was_handed_out(keyring, given, visit_id, where=_TICKET)
