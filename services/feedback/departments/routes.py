from typing import Annotated

from fastapi import Body, Path, Query, Response, status

from services.feedback.departments import service, views
from services.feedback.departments.schemas import (
    CODE,
    DepartmentImportResult,
    DepartmentInput,
    DepartmentView,
    StaffedDepartmentView,
)
from shared.errors import NotFound, PayloadTooLarge, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.admission import MAX_BODY
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.imports import MAX_BYTES, ImportRefused
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/feedback", tags=["citizen"])
admin_router = Router(prefix="/feedback", tags=["admin"])

Code = Annotated[
    str, Path(pattern=CODE, description="部门代码 | Department code", examples=["D03"])
]
NewCode = Annotated[
    str, Path(pattern=CODE, description="部门代码 | Department code", examples=["D90"])
]
_EXAMPLE = (
    "code,name,name_en,is_active,staff_names,numbers\n"
    "D03,住房和城乡建设局,Housing and Urban-Rural Development Bureau,是,沈一鸣,0772-3812345\n"
)


@router.get(
    "/departments",
    operation_id="list_departments",
    summary="答复部门名录 | The departments that answer",
)
async def list_departments(
    session: Session, paging: Paging, _: Annotated[Caller | None, public()]
) -> Page[DepartmentView]:
    """可以接收来信的部门、代码和对外公布的电话。
    ---
    The departments that letters are dispatched to, with their codes and telephone numbers.
    """
    return await views.listed(session, paging)


@admin_router.get(
    "/departments/{code}",
    operation_id="get_department",
    summary="部门及其工作人员姓名 | A department and its staff",
    responses=problem_responses(NotFound),
)
async def get_department(
    code: Code,
    session: Session,
    _: Annotated[Caller, allow("admin", "dispatcher", "supervisor", "reviewer")],
) -> StaffedDepartmentView:
    """公开答复中可以出现的工作人员姓名，以及修改时要带的 version。
    ---
    The names of staff that its answers may show, and the version that a change has to bring.
    """
    return await views.of_code(session, code)


@admin_router.put(
    "/departments/{code}",
    operation_id="put_department",
    summary="登记或修改部门 | Register or change a department",
    responses={
        201: {"model": StaffedDepartmentView},
        **problem_responses(NotFound, StateConflict),
    },
)
async def put_department(
    code: NewCode,
    order: DepartmentInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> StaffedDepartmentView:
    """新部门不带 version；修改时带上读到的 version。登记后即可向其派单。
    ---
    A new department carries no version, a change the version that was read. Letters can be
    dispatched to it at once.
    """
    department, is_new = await service.put(session, code, order, caller, now)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return await views.staffed(session, department)


@admin_router.post(
    "/departments:import",
    operation_id="import_departments",
    summary="批量导入部门（CSV） | Import departments from CSV",
    responses=problem_responses(ImportRefused, PayloadTooLarge),
    openapi_extra={MAX_BODY: MAX_BYTES},
)
async def import_departments(
    content: Annotated[
        bytes, Body(media_type="text/csv", max_length=MAX_BYTES, examples=[_EXAMPLE])
    ],
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
    dry_run: Annotated[bool, Query(description="只检查不导入 | Check only")] = False,
) -> DepartmentImportResult:
    """逐行检查，任何一行有误则整个文件不导入，并列出每一处错误的行号和列名；空单元格保持原值。

    ---
    Every line is checked; with any error nothing is imported, and each error is named by line and
    column. Columns: code, name, name_en, is_active, staff_names, numbers; several names or
    numbers in a cell are separated by ；or 、; an empty cell leaves what is there. UTF-8 or
    GB18030.
    """
    return await service.import_file(session, content, caller, now, dry_run=dry_run)
