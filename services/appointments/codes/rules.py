"""What a signed code says, and its keys. Pure.

A code is a compact JWS (RFC 7515) over Ed25519 (RFC 8037) with `typ` `onedoor-code`. Nothing in it
is about a person, and it opens nothing by itself: it proves that this system gave out the number or
the appointment. Whether it was given up since, only the system knows.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.queueing.models import OVER, Ticket
from shared.clock import today
from shared.errors import Text
from shared.security.crypto import Keyring

TYPE = "onedoor-code"
ALGORITHM = "EdDSA"
_SEED = "code.signing_key\nseed"
_BOOKED_AHEAD = timedelta(days=180)
_TICKET_LASTS, _AFTER_START = timedelta(hours=24), timedelta(hours=12)
"""A hall's day is over by then; how late one may check in is the hall's policy, not the code's."""
_EXPECTED = frozenset({AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN})


class Signed(NamedTuple):
    """A code, and until when it counts."""

    code: str
    expires_at: datetime


def keys(keyring: Keyring, now: datetime) -> list[OKPKey]:
    """The keys that codes in use may be signed by, the newest first: one for each of the index
    keys, of which they are derived, so that no other secret has to be kept and changed. A key that
    another one ended counts for as long as an appointment may have been made by it."""
    made_on = today(now - _BOOKED_AHEAD)
    return [_key(seed) for seed in keyring.index.forms_handed_out(_SEED, made_on)]


def _key(seed: str) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = OKPKey.import_key(pem)
    key.ensure_kid()
    return key


def is_in_use(ticket: Ticket) -> bool:
    """Whether the ticket still stands for somebody who is in the hall."""
    return ticket.state not in OVER


def is_expected(appointment: Appointment) -> bool:
    """Whether its person is awaited, or there."""
    return appointment.state in _EXPECTED


def of_ticket(keyring: Keyring, ticket: Ticket, now: datetime) -> Signed:
    """`n` number, `h` hall, `d` day, `i` items; `p` counts reprints: of two papers with one number
    the higher is the newer."""
    says = {
        "k": "ticket",
        "sub": str(ticket.id),
        "h": ticket.hall_code,
        "n": ticket.number,
        "d": ticket.service_day.isoformat(),
        "i": ticket.items,
        "p": ticket.reprints,
    }
    signer = keys(keyring, now)[0]
    return _sign(signer, says, ticket.issued_at, ticket.issued_at + _TICKET_LASTS)


def of_appointment(keyring: Keyring, appointment: Appointment, now: datetime) -> Signed:
    """`c` the code to check in by, `h` hall, `i` items, `s` when it starts (seconds since 1970)."""
    starts = appointment.starts_at
    says = {
        "k": "appointment",
        "sub": str(appointment.id),
        "h": appointment.hall_code,
        "c": appointment.code,
        "i": [appointment.item_code],
        "s": int(starts.timestamp()),
    }
    return _sign(keys(keyring, now)[0], says, None, starts + _AFTER_START)


def mark(reprint: int) -> Text:
    """What the paper says."""
    return Text(f"补打（第 {reprint} 次）", f"Reprint no. {reprint}")


def _sign(key: OKPKey, says: dict[str, Any], issued: datetime | None, expires: datetime) -> Signed:
    until = int(expires.timestamp())
    claims = {**says, "exp": until}
    if issued is not None:
        claims["iat"] = int(issued.timestamp())
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
    code = jwt.encode(header, claims, key, algorithms=[ALGORITHM])
    return Signed(code, datetime.fromtimestamp(until, UTC))
