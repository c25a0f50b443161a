"""The advice over HTTP."""

from typing import Annotated

from services.appointments.directory.schemas import HallCode
from services.appointments.opening_advice import views
from services.appointments.opening_advice.schemas import OpeningAdviceView
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, Session, allow
from shared.web.routing import Router

router = Router(prefix="/halls/{hall}", tags=["hall"])


@router.get(
    "/opening-advice",
    operation_id="get_opening_advice",
    summary="建议开放哪个窗口 | Which window to open",
    responses=problem_responses(NotFound),
)
async def get_opening_advice(
    hall: HallCode,
    session: Session,
    now: Now,
    language: Language,
    caller: Annotated[Caller, allow("clerk", "hall_manager", "auditor")],
) -> OpeningAdviceView:
    """预计有人等候超过规定分钟数时，列出现在没有开放、开放后能办理他们事项的窗口，以及能少等多少分钟。按预计等候的
    同一算法，逐个窗口推算；停办的窗口和事项不在其中。

    ---
    Where people would wait longer than the hall's policy says: the windows that are not open and
    could serve them, and the minutes that each saves. By the very rules by which waits are
    forecast, run with the window and without it; what a closure shuts is not among them.
    """
    return await views.shown(session, hall, caller, now, language)
