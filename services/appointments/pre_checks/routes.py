"""Pre-checks over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from services.appointments.pre_checks import files, service, views
from services.appointments.pre_checks.models import PreCheckState
from services.appointments.pre_checks.rules import AlreadySubmitted
from services.appointments.pre_checks.schemas import (
    PreCheckAgain,
    PreCheckAnswer,
    PreCheckFileIn,
    PreCheckIn,
    PreCheckView,
    PreCheckWithdrawal,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.admission import MAX_BODY
from shared.web.dependencies import (
    AuditedReading,
    Direct,
    Now,
    Paging,
    RequestKeyring,
    Swap,
    allow,
)
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/pre-checks", tags=["citizen"])

Citizen = Annotated[Caller, allow("citizen")]
Concerned = Annotated[Caller, allow("citizen", "officer", "clerk", "hall_manager", "admin")]


@router.post(
    "",
    operation_id="submit_pre_check",
    summary="提交材料预审 | Have your materials checked before you come",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(AlreadySubmitted),
)
async def submit_pre_check(
    wanted: PreCheckIn, swap: Swap, keyring: RequestKeyring, now: Now, caller: Citizen
) -> PreCheckView:
    """勾选指南中已备好的材料，经办人在您来之前答复：齐全、还缺什么（一次告知）、或该去哪里办。
    同一大厅同一事项同时只有一份。已预约的对照预约时的指南版本。

    ---

    Tick what you have of the guide's materials; before you come an officer answers: complete, all
    that is missing at once, or where it is dealt with. One at a time for a hall and item. With an
    appointment it goes by the version of the guide that the appointment was made under.
    """
    return views.view_of(await service.submit(swap, keyring, wanted, caller, now), keyring)


@router.get(
    "",
    operation_id="list_pre_checks",
    summary="我的预审；工作人员看本大厅、本部门的 | My pre-checks, or those that staff see to",
)
async def list_pre_checks(
    direct: Direct,
    keyring: RequestKeyring,
    paging: Paging,
    caller: Concerned,
    hall: Annotated[str | None, Query(max_length=32)] = None,
    state: Annotated[PreCheckState | None, Query(description="状态 | Only in this state")] = None,
    appointment: Annotated[
        UUID | None, Query(description="这个预约的 | Of this appointment")
    ] = None,
    ticket: Annotated[
        UUID | None,
        Query(description="持这个号的人为所办事项提交的 | Of who holds this ticket, for its items"),
    ] = None,
) -> Page[PreCheckView]:
    """先提交的在前。窗口人员叫到号后，用 `ticket` 看这个人的预审（凭预约，或凭本人账号）。

    ---

    The oldest first. With a person at the window, `ticket` finds what they had checked, by their
    appointment or their account.
    """
    return await views.listed(
        direct,
        keyring,
        caller,
        paging,
        hall=hall,
        state=state,
        appointment=appointment,
        ticket=ticket,
    )


@router.get("/{pre_check_id}", operation_id="get_pre_check", summary="一份预审 | One pre-check")
async def get_pre_check(
    pre_check_id: UUID, direct: Direct, keyring: RequestKeyring, caller: Concerned
) -> PreCheckView:
    """本人、事项所属部门的经办人、该大厅的工作人员可看。

    ---

    For the person, the officers of the item's department, and the staff of the hall.
    """
    return views.view_of(await service.visible(direct, pre_check_id, caller), keyring)


@router.post(
    "/{pre_check_id}/answer",
    operation_id="answer_pre_check",
    summary="答复预审 | Answer a pre-check",
    tags=["department"],
    responses=problem_responses(StateConflict),
)
async def answer_pre_check(
    pre_check_id: UUID,
    given: PreCheckAnswer,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("officer", "admin")],
) -> PreCheckView:
    """`complete` 齐全；`missing` 缺材料，须一次列全（行政许可法第三十二条）；`elsewhere` 不在本处，
    须写明去哪里。只有事项所属部门的经办人可以答复。

    ---

    `complete`; `missing`, with all of it at once (行政许可法 art. 32); `elsewhere`, with where to
    go. Only the officers of the item's department answer.
    """
    done = await service.answer(swap, keyring, pre_check_id, given, caller, now)
    return views.view_of(done, keyring)


@router.post(
    "/{pre_check_id}/resubmit",
    operation_id="resubmit_pre_check",
    summary="补齐后再次提交 | Submit it again",
    responses=problem_responses(StateConflict),
)
async def resubmit_pre_check(
    pre_check_id: UUID,
    given: PreCheckAgain,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Citizen,
) -> PreCheckView:
    """缺材料的补齐后再提交，由经办人再答复一次。

    ---

    Where something was missing: what is ready now, to be answered again.
    """
    done = await service.resubmit(swap, keyring, pre_check_id, given, caller, now)
    return views.view_of(done, keyring)


@router.post(
    "/{pre_check_id}/withdraw",
    operation_id="withdraw_pre_check",
    summary="撤回预审 | Withdraw a pre-check",
    responses=problem_responses(StateConflict),
)
async def withdraw_pre_check(
    pre_check_id: UUID,
    given: PreCheckWithdrawal,
    swap: Swap,
    keyring: RequestKeyring,
    caller: Citizen,
) -> PreCheckView:
    """不再需要答复的可以撤回，上传的文件随即删除；之后可另交一份。

    ---

    For who needs no answer any more; its files are deleted, and another may be submitted then.
    """
    return views.view_of(await service.withdraw(swap, pre_check_id, given, caller), keyring)


@router.post(
    "/{pre_check_id}/files",
    operation_id="add_pre_check_file",
    summary="上传材料 | Upload a material",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(StateConflict),
    openapi_extra={MAX_BODY: files.LARGEST_BODY, "x-deadline-seconds": 30},
)
async def add_pre_check_file(
    pre_check_id: UUID,
    given: PreCheckFileIn,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Citizen,
) -> PreCheckView:
    """材料的照片或扫描件：PDF、JPEG、PNG，每个不超过 3 MB，至多 20 个。加密保存，90 天后删除；
    含脚本或附件的 PDF 不收。

    ---

    A picture or scan of a material: PDF, JPEG or PNG, 3 MB each, 20 at most. It is kept encrypted
    and deleted after 90 days; a PDF with scripts or attachments is not taken.
    """
    done = await service.add_file(swap, keyring, pre_check_id, given, caller, now)
    return views.view_of(done, keyring)


@router.get(
    "/{pre_check_id}/files/{file_id}",
    operation_id="get_pre_check_file",
    summary="取一个文件（工作人员查看记入审计） | Get a file; staff under audit",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_pre_check_file(
    pre_check_id: UUID,
    file_id: UUID,
    session: AuditedReading,
    keyring: RequestKeyring,
    now: Now,
    caller: Concerned,
) -> Response:
    """以附件形式下载，不在网页里打开。本人以外的人查看记入审计。

    ---

    As an attachment to be saved, never shown in a page. Who is not its person reads it under audit.
    """
    content, kind = await service.file_content(session, keyring, pre_check_id, file_id, caller, now)
    headers = files.attachment(file_id, kind)
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.delete(
    "/{pre_check_id}/files/{file_id}",
    operation_id="remove_pre_check_file",
    summary="删除上传的文件 | Remove an uploaded file",
    responses=problem_responses(StateConflict),
)
async def remove_pre_check_file(
    pre_check_id: UUID, file_id: UUID, swap: Swap, keyring: RequestKeyring, caller: Citizen
) -> PreCheckView:
    """本人可以删去传错的文件，直到预审有了结论。

    ---

    The person may take a file back until the pre-check has come to its end.
    """
    done = await service.remove_file(swap, pre_check_id, file_id, caller)
    return views.view_of(done, keyring)
