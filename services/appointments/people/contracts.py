"""What this service reads of other services' events: only the fields that it uses."""

from typing import ClassVar
from uuid import UUID

from shared.messaging.events import Event


class AccountIdentified(Event):
    """账号的实名信息已核验。

    The identity of an account was checked.
    """

    type: ClassVar[str] = "gateway.account.identified.v1"

    account_id: UUID
    document_index: str | None = None
    phone_index: str | None = None
    version: int
