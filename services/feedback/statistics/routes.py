from datetime import timedelta
from typing import Annotated

from services.feedback.statistics import views
from services.feedback.statistics.schemas import LetterGrouping, LetterStatistics
from shared.clock import today
from shared.security.identity import Caller
from shared.web.dependencies import Now, Session, public
from shared.web.models import Day
from shared.web.routing import Router

router = Router(prefix="/feedback", tags=["citizen"])


@router.get(
    "/statistics",
    operation_id="get_letter_statistics",
    summary="来信办理统计 | Statistics of letters",
)
async def get_letter_statistics(
    session: Session,
    now: Now,
    caller: Annotated[Caller | None, public()],
    from_on: Day | None = None,
    to_on: Day | None = None,
    group_by: LetterGrouping = LetterGrouping.ALL,
) -> LetterStatistics:
    """按收到日期统计，默认最近三十天。每个率都附分母和 95% 置信区间；没有评价不算满意。
    公众版不含举报件，少于 5 件的分组不显示；部门只看到本部门的数字。
    ---
    By the day of receipt, the last thirty days by default. Each rate comes with its denominator and
    its 95 % interval; not rated is not satisfied. The public version leaves accusations out and
    hides groups of fewer than 5; a department sees its own figures.
    """
    end = to_on or today(now)
    start = from_on or end - timedelta(days=29)
    return await views.of_period(session, start, end, group_by, caller=caller, now=now)
