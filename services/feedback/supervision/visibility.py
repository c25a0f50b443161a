"""Which orders exist for whom, by what they are about."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.office import is_everywhere_outside, own_departments
from services.feedback.supervision import queries, rules
from services.feedback.supervision.models import SupervisionOrder
from shared.errors import NotFound
from shared.security.identity import Caller


async def ensure_seen(
    session: AsyncSession, order: SupervisionOrder | None, caller: Caller
) -> SupervisionOrder:
    """The order, if it exists for the caller. Raises NotFound."""
    if order is None or not rules.may_see(caller, order.department_code):
        raise NotFound(rules.NO_ORDER)
    own, accusations = own_departments(caller), not is_everywhere_outside(caller)
    if not await queries.is_seen(session, order.id, own, accusations=accusations):
        raise NotFound(rules.NO_ORDER)
    return order
