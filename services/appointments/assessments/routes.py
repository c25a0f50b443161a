from typing import Annotated

from fastapi import Path, Query

from services.appointments.assessments import service
from services.appointments.assessments.schemas import AssessedService, AssessmentsView
from shared import clock
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, Paging, Session, allow
from shared.web.gate import Priority
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/halls/{hall}/assessments", tags=["hall"], priority=Priority.EXPORT)
HallAsked = Annotated[str, Path(max_length=32, examples=["H001"])]
_TODAY = "默认今天 | Today unless given"
First = Annotated[Day | None, Query(alias="from", description=_TODAY)]
Last = Annotated[Day | None, Query(alias="to", description=_TODAY)]
Reader = Annotated[Caller, allow("hall_manager", "clerk")]


@router.get(
    "",
    operation_id="get_assessments",
    summary="人员办理情况 | How long services take, by person",
)
async def get_assessments(
    hall: HallAsked,
    session: Session,
    now: Now,
    language: Language,
    caller: Reader,
    first: First = None,
    last: Last = None,
) -> AssessmentsView:
    """每人的办理时间，与本厅其他人办理同样事项的平均时间相比（间接标准化，附区间）；次数不够的不比较，不排名。另有最近一个
    已计数季度的好差评：只计由本人一人接待的到访，太少的不作说明，一条也看不到。大厅管理员看本厅各人，工作人员只看本人；
    每行说明算法，并可打开逐次核对。一次最多 92 天。

    ---
    What each person's services take beside what the others of the hall take for the same items
    (indirect standardisation, with an interval). Nothing is said of too few, and nobody is ranked.
    Beside it the ratings of the latest quarter that is counted, of visits that one person alone
    served: of few nothing is said, and none can be read by itself. The hall's manager sees
    everybody of it, a clerk only themselves; each line says how it is computed and can be opened.
    At most 92 days at a time.
    """
    today = clock.today(now)
    return await service.of_hall(
        session, caller, hall, first or today, last or today, language, now
    )


@router.get(
    "/services",
    operation_id="list_assessed_services",
    summary="人员办理情况所依据的每次办理 | The services behind an assessment",
)
async def list_assessed_services(
    hall: HallAsked,
    session: Session,
    now: Now,
    caller: Reader,
    paging: Paging,
    clerk: Annotated[
        str | None, Query(max_length=128, description="账户，默认本人 | Oneself unless given")
    ] = None,
    first: First = None,
    last: Last = None,
) -> Page[AssessedService]:
    """逐次列出办理的事项、用时，以及同事办理这个事项的平均用时。

    ---
    One by one: the item, what it took, and what the others take for it on average.
    """
    today = clock.today(now)
    return await service.services_of(
        session, caller, hall, clerk, first or today, last or today, paging, now
    )
