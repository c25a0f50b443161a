from typing import Annotated

from services.feedback.filters import FirstDay, LastDay
from services.feedback.statistics import views
from services.feedback.statistics.schemas import LetterGrouping, LetterStatistics
from shared.security.identity import Caller
from shared.web.dependencies import Now, Session, public
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
    first: FirstDay = None,
    last: LastDay = None,
    group_by: LetterGrouping = LetterGrouping.ALL,
) -> LetterStatistics:
    """按收到日期统计。每个率都附分母和 95% 置信区间；没有评价不算满意。

    工作人员默认看最近三十天，可任选起止日；部门只看到本部门的数字，不含举报件。

    公众版以整月为单位，每月结束 15 天后统计一次，不再变动。举报件计入总数、“投诉”类和承办
    部门，不单列。少于 5 件的分组和分母小于 5 的率不显示，必要时再隐去一组，以免用总数减出来。

    ---
    By the day of receipt. Each rate comes with its denominator and its 95 % interval; not rated is
    not satisfied.

    Staff see the last thirty days unless they choose others, a department its own letters without
    accusations. The public sees whole months, each counted once, 15 days after its end, and never
    changed: accusations count in the total, among complaints and with the department that handles
    them; groups of fewer than 5 and rates over fewer than 5 are hidden, and one group more where
    the total less the others would give a hidden one.
    """
    return await views.of_letters(session, first, last, group_by, caller=caller, now=now)
