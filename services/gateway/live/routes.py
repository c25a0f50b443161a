"""Live streams over HTTP."""

from typing import Annotated, Any

from fastapi import Header, Path, Request

from services.gateway.live import rules
from services.gateway.live.answers import LiveAnswer, Watched
from shared.errors import NotFound, Text, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import allow, public
from shared.web.routing import Router

router = Router(prefix="/live", tags=["hall"])

HallCode = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9_-]{1,32}$", description="大厅编号 | Hall code", examples=["H001"]),
]
LastEventId = Annotated[
    str | None, Header(max_length=20, description="上次收到的 id | The id seen last")
]
_NO_HALL = Text("没有这个大厅，请核对编号", "There is no such hall; please check its code")
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "事件流 | Server-sent events",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/halls/{hall}",
    operation_id="watch_hall",
    summary="大厅实时显示 | A hall's display, live",
    status_code=200,
    response_class=LiveAnswer,
    responses=_STREAM,
    openapi_extra={"x-operation-class": "live"},
)
async def watch_hall(
    hall: HallCode,
    request: Request,
    _: Annotated[Caller | None, public()],
    last_event_id: LastEventId = None,
) -> LiveAnswer:
    """SSE 推送。先收到 `display`（整块显示屏的内容），之后每次叫号、过号、窗口变化各推送一条，
    并再次推送最新的 `display`。叫号与重呼的 `say` 是要播报的话（英文为 `say_en`）。断线后带
    `Last-Event-ID` 重连，补发漏掉的事件；补不全时先推送 `reset`（`first_id` 是现存最早的一条），
    请以随后的 `display` 为准。没有变化时每 15 秒一次心跳和最新的 `display`：60 秒没有
    收到 `display`，屏幕上的内容就已过时。抽签放号的进展也在这里推送：
    `appointments.release.advanced.v1` 的 `called_through` 是已叫到的号，`per_minute` 是每分钟
    进入的人数。
    ---
    Server-sent events. First comes `display` (all that the screen shows); then one event for each
    call, miss or change of a window, and the new `display`. `say` of a call, or of one repeated, is
    the sentence to speak (`say_en` in English). Reconnect with `Last-Event-ID` to be sent what was
    missed; where that is not all known any more, `reset` comes first (`first_id` is the first that
    is held), and the `display` after it is what counts. While nothing changes a heartbeat and the
    present `display` come every 15 seconds: a screen that got no `display` for 60 seconds shows
    what is out of date. How releases under pressure go on is sent here, too: `called_through` of
    `appointments.release.advanced.v1` is the number up to which people are admitted, `per_minute`
    how many are a minute.
    """
    return LiveAnswer(request.state.live, Watched(hall, rules.position(last_event_id)))


@router.get(
    "/halls/{hall}/staff",
    operation_id="watch_hall_staff",
    summary="大厅工作人员实时推送 | What a hall's staff are told, live",
    status_code=200,
    response_class=LiveAnswer,
    responses={**_STREAM, **problem_responses(NotFound)},
    openapi_extra={"x-operation-class": "live"},
)
async def watch_hall_staff(
    hall: HallCode,
    request: Request,
    caller: Annotated[Caller, allow("clerk", "hall_manager", "device", "system")],
    last_event_id: LastEventId = None,
) -> LiveAnswer:
    """大厅大屏的全部内容，另加只给工作人员的：紧急求助（`appointments.alarm.*`）和开窗口建议
    （`appointments.opening.*`）。连接至多十分钟，到时请用新的令牌重连；每次连上后请再读一遍未处置的求助
    （`GET /alarms?is_open=true`），断线期间的求助不会遗漏。

    ---
    All that the screens are sent, and what is for staff alone: alarms (`appointments.alarm.*`) and
    advice to open a window (`appointments.opening.*`). It lasts ten minutes at most: reconnect with
    a new token then, and read the open alarms (`GET /alarms?is_open=true`) each time, so that none
    is lost that was raised meanwhile.
    """
    if not caller.at(hall):
        raise NotFound(_NO_HALL)
    return LiveAnswer(request.state.live, Watched(hall, rules.position(last_event_id), True))
