"""Which orders exist for whom, by what they are about."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.office import is_everywhere_outside, own_departments
from services.feedback.supervision import queries, rules
from services.feedback.supervision.queries import SeenOrder
from shared.errors import NotFound
from shared.security.identity import Caller


async def find(session: AsyncSession, order_id: UUID, caller: Caller) -> SeenOrder:
    """The order, if it exists for the caller. Raises NotFound."""
    own, accusations = own_departments(caller), not is_everywhere_outside(caller)
    found = await queries.seen(session, order_id, own, accusations=accusations)
    if found is None or not rules.may_see(caller, found.order.department_code):
        raise NotFound(rules.NO_ORDER)
    return found
