"""The queue policy of a hall as the API gives it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.priority import queries, service
from services.appointments.priority.models import QueuePolicy
from services.appointments.priority.schemas import QueuePolicyView, QueueRules


async def show(session: AsyncSession, hall_code: str) -> tuple[QueuePolicyView, Hall]:
    """The policy in force, for the wall of the hall, and the hall. Raises NotFound."""
    hall = await service.get_hall(session, hall_code)
    decided = await queries.newest(session, hall_code)
    if decided is None:
        default = QueueRules()
        view = QueuePolicyView(
            hall_code=hall_code, version=0, rules=default, basis=None, decided_at=None
        )
        return view, hall
    return policy_view(decided), hall


def policy_view(decided: QueuePolicy) -> QueuePolicyView:
    return QueuePolicyView(
        hall_code=decided.hall_code,
        version=decided.version,
        rules=QueueRules.model_validate(decided.rules),
        basis=decided.basis,
        decided_at=decided.decided_at,
    )
