from typing import Annotated

from fastapi import Body, Path, Query, Response, status

from services.projects.calendar.rules import UnknownRegion
from services.projects.register import importing, rules, service, unit_import, views
from services.projects.register.models import PROJECT_CODE, UNIT_CODE
from services.projects.register.rules import MAX_BYTES
from services.projects.register.schemas import (
    ImportResult,
    NamesConfirmation,
    ProjectImportResult,
    ProjectInput,
    ProjectView,
    UnitInput,
    UnitView,
)
from shared.errors import NotFound, PayloadTooLarge, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import bodies, workbooks
from shared.web.admission import MAX_BODY
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.imports import ImportRefused
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["citizen"])
department = Router(tags=["department"])
auditor = Router(tags=["auditor"])

Code = Annotated[str, Path(pattern=PROJECT_CODE, description="项目代码 | Project code")]


@router.get("/units", operation_id="list_units", summary="公开主体名录 | List responsible units")
async def list_units(
    session: Session, paging: Paging, _: Annotated[Caller | None, public()]
) -> Page[UnitView]:
    """负有公开义务的部门，附常用简称和存续期间。

    ---
    The bodies that must publish, with the other names they go by and how long they exist.
    """
    return await views.units(session, paging)


@router.get("/projects", operation_id="list_projects", summary="查询项目 | Search projects")
async def list_projects(
    session: Session,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    q: Annotated[str | None, Query(max_length=100, description="名称或代码 | Name or code")] = None,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE, description="牵头部门 | Lead")] = None,
    year: Annotated[int | None, Query(ge=2000, le=2200, description="清单年度 | List year")] = None,
) -> Page[ProjectView]:
    """按名称、代码、牵头部门或年度重点项目清单查询。

    ---
    Search by name, code, lead unit or the year of a list of key projects.
    """
    return await views.projects(session, paging, words=q, unit=unit, year=year)


@department.put(
    "/units/{code}",
    operation_id="put_unit",
    summary="登记或修改公开主体 | Register or change a unit",
    responses={
        201: {"model": UnitView},
        **problem_responses(NotFound, StateConflict, rules.UnitStillOpen, UnknownRegion),
    },
)
async def put_unit(
    code: Annotated[str, Path(pattern=UNIT_CODE, description="单位代码 | Unit code")],
    order: UnitInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> UnitView:
    """新单位不带 version；修改时带上读到的 version。名单里没有的别名随之删去。填写撤并之日，须没有
    未公开的义务、未办结的案件和在用的栏目、公开包；并入其他单位的，请办理并入，并入后存续期间不再改动。

    ---
    A new unit carries no version, a change the version that was read. Other names that the list
    leaves out are dropped. A unit ends only where nothing of it is open; one that becomes part of
    another is merged, and how long it existed stays as it is from then on.
    """
    row, is_new = await service.put_unit(session, code, order, now, actor=caller.sub)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return UnitView(**row._asdict())


@department.post(
    "/units:import",
    operation_id="import_units",
    summary="批量导入公开主体（CSV） | Import units from CSV",
    responses=problem_responses(ImportRefused),
)
async def import_units(
    content: Annotated[bytes, Body(media_type="text/csv")],
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
    dry_run: Annotated[bool, Query(description="只检查不导入 | Check only")] = False,
) -> ImportResult:
    """逐行检查，任何一行有误则整个文件不导入；文件里没有的单位不变，名单里没有的别名随之删去。
    填有 version 的行只改那个版本；已并入其他单位的不能恢复，还有未了结事项的不能撤销。

    ---
    Every line is checked; with any error nothing is imported. Units that the file leaves out stay,
    other names that a line leaves out are dropped. Columns: code, name, name_en, aliases (separated
    by ；), valid_from, valid_to, region, version; UTF-8 or GB18030. A line that names a version
    changes that one only; a unit that merged is not brought back, and none ends of which something
    is open.
    """
    return await unit_import.import_units(session, content, now, actor=caller.sub, dry_run=dry_run)


@department.put(
    "/projects/{code}",
    operation_id="put_project",
    summary="登记或修改项目 | Register or change a project",
    responses={201: {"model": ProjectView}, **problem_responses(NotFound, StateConflict)},
)
async def put_project(
    code: Code,
    order: ProjectInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("officer", "admin")],
) -> ProjectView:
    """新项目不带 version；修改时带上读到的 version，期间被他人改动则返回 409。经办人限本部门项目；
    经办人改动的名称和别名，经监察人员或管理员确认后生效，此前据此找到的网页须人工核对，已有结论不变。

    ---
    A new project carries no version; a change carries the version that was read, and answers 409
    if another came first. Officers: projects of their own unit; other names that they give count
    once an auditor or an administrator has confirmed them, and move no finding before.
    """
    project, is_new = await service.put_project(session, code, order, now, caller)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return ProjectView.model_validate(project)


@auditor.post(
    "/projects/{code}/confirm-names",
    operation_id="confirm_project_names",
    summary="确认项目名称 | Confirm a project's names",
    responses=problem_responses(NotFound, StateConflict),
)
async def confirm_project_names(
    code: Code,
    order: NamesConfirmation,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("auditor", "admin")],
) -> ProjectView:
    """经办人改动的名称和别名由此生效：项目的各项义务按新名称重新匹配，此前的“未公开”证明须重新核查。

    ---
    The names that an officer gave count: the project's duties are matched by them, and what was
    proven absent under the old ones has to be read again.
    """
    project = await service.confirm_names(session, code, order.version, now, caller)
    return ProjectView.model_validate(project)


@department.post(
    "/projects:import",
    operation_id="import_projects",
    summary="批量导入项目（CSV、XLSX、OC4IDS） | Import projects from CSV, XLSX or OC4IDS",
    responses=problem_responses(ImportRefused, PayloadTooLarge),
    openapi_extra={
        MAX_BODY: MAX_BYTES,
        "x-deadline-seconds": 60,
        bodies.ALSO: [workbooks.MEDIA_TYPE, "application/json"],
        "requestBody": {
            "content": {
                workbooks.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
                "application/json": {"schema": {"type": "object"}},
            }
        },
    },
)
async def import_projects(
    content: Annotated[bytes, Body(media_type="text/csv", max_length=MAX_BYTES)],
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("officer", "admin")],
    dry_run: Annotated[bool, Query(description="只检查不导入 | Check only")] = False,
) -> ProjectImportResult:
    """逐行检查，任何一行有误则整个文件不导入，并列出错误的行号和列名（前100处）。最多10万行。
    可上传 CSV、XLSX（第一张工作表，不含公式）或 OC4IDS 项目包（JSON，行号为项目的次序；
    没有统一代码的项目用其 OC4IDS 编号）。

    ---
    Every line is checked; with any error nothing is imported, and the errors (the first hundred)
    are named by line and column. At most 100,000 lines. Columns: code, name, approval_kind, phase,
    lead_unit, scope_basis, investment_10k_yuan, list_year, list_title; CSV in UTF-8 or GB18030, or
    the first sheet of an XLSX file without formulas. An OC4IDS project package (JSON) is named by
    the places of its projects, from 1; a project without a unified code goes under its OC4IDS id.
    """
    return await importing.import_projects(session, content, now, caller, dry_run=dry_run)
