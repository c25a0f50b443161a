from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.missing_disclosures import service
from services.feedback.missing_disclosures.contracts import DisclosureChecked
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def take_answer(session: AsyncSession, envelope: Envelope[DisclosureChecked]) -> None:
    """What was found is shown with every letter that reports the same."""
    await service.take_answer(session, envelope.data)


subscriptions = [Subscription("feedback-disclosure-answers", DisclosureChecked, take_answer)]
