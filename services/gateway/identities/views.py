"""An identity as administrators and auditors may see it."""

from collections.abc import Callable

from services.gateway.identities.models import AccountIdentity, IdentityProposal
from services.gateway.identities.schemas import IdentityView, MaskedIdentity
from services.gateway.identities.service import ID_NUMBER, NAME, PHONE, Known
from shared.security.crypto import UNREADABLE, Keyring
from shared.security.personal import mask_id_number, mask_name, mask_phone


def masked(known: Known, keyring: Keyring) -> IdentityView:
    """What waits for a second person if anything does, else what counts; each part masked."""
    counts, waits = known
    shown = waits or counts
    assert shown is not None, "NotFound was raised before"
    return IdentityView(
        **_parts(shown, keyring).model_dump(),
        account_id=shown.account_id,
        state="pending" if waits else "verified",
        verified_by=shown.verified_by,
        verified_at=shown.verified_at,
        approved_by=shown.approved_by if isinstance(shown, AccountIdentity) else None,
        conflict=counts is not None and counts.conflict_at is not None,
        version=shown.version,
        replaces=_parts(counts, keyring) if waits and counts else None,
    )


def _parts(found: AccountIdentity | IdentityProposal, keyring: Keyring) -> MaskedIdentity:
    row = str(found.account_id)

    def shown(sealed: str, where: str, mask: Callable[[str], str]) -> str:
        plain = keyring.open_or_note(sealed, where=where, row=row)
        return plain if plain == UNREADABLE else mask(plain)

    phone, number = found.phone_sealed, found.id_number_sealed
    return MaskedIdentity(
        name=shown(found.name_sealed, NAME, mask_name),
        phone=shown(phone, PHONE, mask_phone) if phone else None,
        id_number=shown(number, ID_NUMBER, mask_id_number) if number else None,
    )
