from typing import Annotated
from uuid import UUID

from services.appointments.directory import views as directory_views
from services.appointments.directory.schemas import HallCode, WindowsIn, WindowView
from services.appointments.windows import service
from services.appointments.windows.rules import Stranded
from services.appointments.windows.schemas import OpenRequest, PauseRequest, WindowAtWorkView
from services.appointments.windows.views import shift_view
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, Session, Swap, allow
from shared.web.gate import Priority
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(
    priority=Priority.WINDOW,
    prefix="/windows/{window_id}",
    tags=["hall"],
    responses=problem_responses(StateConflict),
)
hall_router = Router(prefix="/halls/{hall}", tags=["hall"])
Staff = Annotated[Caller, allow("clerk", "hall_manager")]


@router.post("/open", operation_id="open_window", summary="开放窗口 | Open a window")
async def open_window(
    window_id: UUID,
    swap: Swap,
    now: Now,
    language: Language,
    caller: Staff,
    given: OpenRequest | None = None,
) -> WindowAtWorkView:
    """窗口开始接待：开班、暂停后恢复，或关闭后再次开班。

    ---
    The window takes people: at the start of a shift, after a pause, or in a new shift.
    """
    clerk = given.clerk if given else None
    shift = await service.open_window(swap, caller, window_id, clerk, now)
    return shift_view(shift, language)


@router.post("/pause", operation_id="pause_window", summary="暂停窗口 | Pause a window")
async def pause_window(
    window_id: UUID,
    swap: Swap,
    now: Now,
    language: Language,
    caller: Staff,
    given: PauseRequest | None = None,
) -> WindowAtWorkView:
    """窗口暂停叫号，可注明原因；正在办理的群众继续办完。答复写明本大厅还有多少号没有开放的窗口办理。

    ---
    The window calls nobody for now; whoever is there is served to the end. The answer names how
    many of those who wait in the hall have no open window then.
    """
    reason = given.reason if given else None
    shift = await service.pause_window(swap, caller, window_id, reason, now)
    return shift_view(shift, language)


@router.post("/close", operation_id="close_window", summary="关闭窗口 | Close a window")
async def close_window(
    window_id: UUID, swap: Swap, now: Now, language: Language, caller: Staff
) -> WindowAtWorkView:
    """窗口收班；如有正在办理的群众，办完后自动关闭。答复写明本大厅还有多少号没有开放的窗口办理。

    ---
    Ends the shift; with somebody still there, the window closes by itself when they are done. The
    answer names how many of those who wait in the hall have no open window then.
    """
    shift = await service.close_window(swap, caller, window_id, now)
    return shift_view(shift, language)


@hall_router.put(
    "/windows",
    operation_id="put_windows",
    summary="设置全部窗口 | Set all windows of a hall",
    responses=problem_responses(StateConflict, Stranded),
    openapi_extra={"x-deadline-seconds": 30},
)
async def put_windows(
    hall: HallCode,
    wanted: WindowsIn,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "admin")],
) -> Page[WindowView]:
    """提交全部窗口和等候区；未列出的停用（正在开放的随即收班），编号保持不变。
    若有群众因此没有窗口接待，则不予更改，并列出他们的号。号源随之调整：没有窗口办理的事项撤下号源，已约的
    列入大厅待改约名单；恢复办理的先还给原来约的人。

    ---

    All windows and zones at once; what is left out is retired (its shift ends), and numbers keep
    their identity. Refused, naming the tickets, where it would leave people without a window. Slots
    follow: an item that no window serves has none, and whoever had booked it is listed among the
    hall's appointments without a time; a time that is there again is theirs before anybody else's.
    """
    await service.arrange(session, hall, wanted, caller, now)
    return Page(items=await directory_views.windows_of(session, hall))
