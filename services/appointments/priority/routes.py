from typing import Annotated, Literal

from fastapi import Path, Request, Response

from services.appointments.priority import explaining, service, views
from services.appointments.priority.schemas import PolicyChange, QueuePolicyView
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Now, Session, allow, public
from shared.web.routing import Router

router = Router(prefix="/halls/{hall}/queue-policy")
HallCode = Annotated[str, Path(max_length=32, examples=["H001"])]


@router.get(
    "",
    operation_id="get_queue_policy",
    summary="查看叫号规则 | See the rules of the queue",
    tags=["citizen"],
    response_model=QueuePolicyView,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_queue_policy(
    hall: HallCode,
    request: Request,
    session: Session,
    _: Annotated[Caller | None, public()],
    format: Literal["json", "html"] | None = None,
) -> Response:
    """本大厅现行的优先照顾分钟数、重呼和过号规则及其依据。`?format=html` 或 `Accept: text/html`
    返回五句话讲清规则的网页，可直接打印张贴（A4）。

    ---

    The credits, recall and return rules in force at the hall, with their basis. `?format=html` or
    `Accept: text/html` gives a page that explains them in five sentences, for the wall (A4).
    """
    found, at = await views.show(session, hall)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    by = {"Vary": "Accept"}
    if format == "html" or (format is None and wanted):
        page = explaining.html(found, at)
        return Response(page, headers=by, media_type="text/html; charset=utf-8")
    return Response(found.model_dump_json(), headers=by, media_type="application/json")


@router.put(
    "",
    operation_id="decide_queue_policy",
    summary="制定叫号规则 | Decide the rules of the queue",
    tags=["hall"],
    responses=problem_responses(StateConflict),
)
async def decide_queue_policy(
    hall: HallCode,
    change: PolicyChange,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "admin")],
) -> QueuePolicyView:
    """新建一个版本，没有填写的规则不变；旧版本保留，以便复核过去的每一次叫号。

    ---
    Makes a new version, in which a rule that is not named stays as it is. Older versions stay, so
    that every earlier call can be explained.
    """
    return views.policy_view(await service.decide(session, caller, hall, change, now))
