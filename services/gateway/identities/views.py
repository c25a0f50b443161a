"""An identity as administrators and auditors may see it."""

from services.gateway.identities.models import AccountIdentity
from services.gateway.identities.schemas import IdentityView
from services.gateway.identities.service import ID_NUMBER, NAME, PHONE
from shared.security.crypto import Keyring
from shared.security.personal import mask_id_number, mask_name, mask_phone


def masked(found: AccountIdentity, keyring: Keyring) -> IdentityView:
    """The identity, each part masked."""
    row = str(found.account_id)

    def plain(sealed: str | None, where: str) -> str | None:
        return keyring.open(sealed, where=where, row=row) if sealed else None

    phone, number = plain(found.phone_sealed, PHONE), plain(found.id_number_sealed, ID_NUMBER)
    return IdentityView(
        account_id=found.account_id,
        name=mask_name(keyring.open(found.name_sealed, where=NAME, row=row)),
        phone=mask_phone(phone) if phone else None,
        id_number=mask_id_number(number) if number else None,
        verified_by=found.verified_by,
        verified_at=found.verified_at,
        version=found.version,
    )
