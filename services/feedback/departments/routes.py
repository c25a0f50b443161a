from typing import Annotated

from services.feedback.departments import views
from services.feedback.departments.schemas import DepartmentView
from shared.security.identity import Caller
from shared.web.dependencies import Session, public
from shared.web.routing import Router

router = Router(prefix="/feedback", tags=["citizen"])


@router.get(
    "/departments",
    operation_id="list_departments",
    summary="答复部门名录 | The departments that answer",
)
async def list_departments(
    session: Session, _: Annotated[Caller | None, public()]
) -> list[DepartmentView]:
    """可以接收来信的部门及其代码。
    ---
    The departments that letters are dispatched to, with their codes.
    """
    return await views.every(session)
