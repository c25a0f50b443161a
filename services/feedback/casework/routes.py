"""The staff's side: the work list, a letter's file, and one route for each action of the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Response
from pydantic import BaseModel

from services.feedback.casework import (
    merging_rules,
    queries,
    rules,
    service,
    views,
    work_list,
    workflow,
)
from services.feedback.casework.clock_effects import IN_CHINESE
from services.feedback.casework.list_request import WorkList
from services.feedback.casework.schemas import FileView, LetterView, PapersView
from services.feedback.deadlines.rules import ExtensionTooLate, ExtensionTooLong
from services.feedback.letters.schemas import ByPhone
from services.feedback.letters.terms import terms_of
from shared.errors import FourEyes, NotFound, PreconditionRequired, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers, versions
from shared.web.dependencies import (
    AuditedReading,
    Deciding,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
)
from shared.web.describing import sends
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["department"], dependencies=[answers.PRIVATE])

Staff = Annotated[Caller, allow(*workflow.STAFF)]
_MOVE = problem_responses(
    NotFound,
    PreconditionRequired,
    StateConflict,
    FourEyes,
    rules.DepartmentAccused,
    rules.AlreadyReturned,
    rules.ReturnTooLate,
    ExtensionTooLate,
    ExtensionTooLong,
    rules.WaitingSpent,
    rules.ExtensionPending,
    rules.NoExtensionAsked,
    merging_rules.CannotMerge,
    rules.MergedDiffer,
)


@router.get("", operation_id="list_letters", summary="来信工作列表 | Work list of letters")
async def list_letters(
    session: Session,
    keyring: RequestKeyring,
    caller: Annotated[Caller, allow(*workflow.STAFF, "auditor")],
    paging: Paging,
    asked: WorkList,
) -> Page[LetterView]:
    """部门只看到本部门的来信；被举报单位看不到举报件。标题中的个人信息已脱敏。

    按词查找时，一页可能不满，请沿 next_cursor 继续；脱敏的内容查不到。
    ---
    A department sees its own letters only, and never an accusation against it. What looks personal
    in a title is masked. A page of a search for words may hold fewer than asked for: go on with
    its cursor. What is masked is not found.
    """
    besides = [queries.handled_by(caller.sub)] if asked.mine else []
    context = (session, keyring, caller, asked.wanted)
    if asked.q is None:
        return await work_list.page_of(*context, paging, asked.now, *besides)
    return await work_list.search(*context, terms_of(asked.q), paging, asked.now, *besides)


@router.post(
    "/find-by-phone",
    operation_id="find_letters_by_phone",
    summary="按联系电话查来信 | Find a sender's letters by phone",
)
async def find_by_phone(
    given: ByPhone,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("dispatcher", "supervisor")],
    paging: Paging,
) -> Page[LetterView]:
    """来信人打电话询问时使用；每次查询都会记入审计日志。
    ---
    For when a sender calls and asks. Each search is written to the audit log.
    """
    return await work_list.by_phone(session, keyring, caller, given.phone, paging, now)


@router.get(
    "/{letter_id}/file",
    operation_id="read_letter_file",
    summary="来信办理档案（已脱敏） | A letter's file, masked",
    responses={**problem_responses(NotFound), **sends("ETag")},
)
async def read_file(
    letter_id: UUID,
    response: Response,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Staff,
) -> FileView:
    """来信、补充、答复、办理过程、活动与时限。ETag 是提交操作时要带的版本号。
    ---
    The letter, supplements, replies, steps, activities and limits. The ETag is the version that an
    action has to bring.
    """
    found = await service.file_rows(session, letter_id, caller)
    response.headers["ETag"] = f'"{found.letter.version}"'
    return await views.file(session, keyring, found, caller, now)


@router.get(
    "/{letter_id}/papers",
    operation_id="read_letter_papers",
    summary="补充与答复原文 | Supplements and replies, unmasked",
    responses=problem_responses(NotFound),
)
async def read_papers(
    letter_id: UUID,
    session: AuditedReading,
    keyring: RequestKeyring,
    now: Now,
    caller: Staff,
) -> PapersView:
    """未脱敏的补充和答复。每次查看都会记入审计日志。
    ---
    Supplements and replies unmasked. Each reading is written to the audit log.
    """
    found = await service.file_rows(session, letter_id, caller)
    return await views.papers(session, keyring, found, caller, now)


async def _move(
    letter_id: UUID,
    action: str,
    fields: BaseModel,
    expected: int | None,
    context: tuple[Deciding, RequestKeyring, Caller, datetime, Response],
) -> LetterView:
    session, keyring, caller, now, response = context
    seen = await service.opened(session, letter_id, caller)
    version = versions.required(expected)
    done = await service.act(
        session, keyring, seen, action, fields, version=version, caller=caller, now=now
    )
    response.headers["ETag"] = f'"{done.letter.version}"'
    return await views.moved(session, keyring, done, caller, now, seen.hints)


def _describe(action: str) -> str:
    """From which states to which, by whom, with what effect on the limits: read off the table."""
    rows = [move for move in workflow.MOVES if move.action == action]
    zh = [_line(move, "；", [IN_CHINESE[each] for each in move.clocks], "事件") for move in rows]
    en = [_line(move, "; ", move.clocks, "event") for move in rows]
    label = workflow.WORKFLOW.names_of(action)
    head = f"{label.zh}。须带 `If-Match`（所见版本号）；状态不符时 409 会说明当前状态。"
    tail = "Needs `If-Match` with the version that you saw; a 409 names the present state."
    return "\n".join([head, "", *zh, "", "---", "", f"{label.en}. {tail}", "", *en])


def _line(move: workflow.LetterMove[Any], between: str, effects: Sequence[str], event: str) -> str:
    published = f"{event} `{move.event.type}`" if move.event else ""
    said = between.join(filter(None, [", ".join(sorted(move.roles)), *effects, published]))
    return f"- `{move.state}` → `{move.to or '…'}`: {said}"


def _add_route(path: str, action: str, operation_id: str) -> None:
    """One route for one action: its own input model, roles and description, from the table."""
    takes: Any = workflow.takes(action)
    roles = workflow.WORKFLOW.roles_of(action) & set(workflow.STAFF)
    optional = not any(field.is_required() for field in takes.model_fields.values())
    wanted: Any = takes | None if optional else takes
    body: Any = Body(None) if optional else Body()

    async def move(
        letter_id: UUID,
        response: Response,
        session: Deciding,
        keyring: RequestKeyring,
        now: Now,
        caller: Annotated[Caller, allow(*sorted(roles))],
        expected: ExpectedVersion,
        fields: wanted = body,
    ) -> LetterView:
        context = (session, keyring, caller, now, response)
        return await _move(letter_id, action, fields or takes(), expected, context)

    label = workflow.WORKFLOW.names_of(action)
    router.add_api_route(
        path,
        move,
        methods=["POST"],
        operation_id=operation_id,
        summary=f"{label.zh} | {label.en}",
        description=_describe(action),
        responses={**_MOVE, **sends("ETag")},
    )


for _action in workflow.STAFF_ACTIONS:
    _add_route(f"/{{letter_id}}/actions/{_action}", _action, f"letter_{_action}")
_add_route("/{letter_id}/activities", "log_activity", "add_letter_activity")
_add_route("/{letter_id}/extensions", "request_extension", "ask_letter_extension")
_add_route("/{letter_id}/merge", "merge", "merge_letter")
