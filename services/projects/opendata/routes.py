from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response

from services.projects.catalogue.schemas import ItemCode
from services.projects.opendata import atom, printing, service, tables, views
from services.projects.opendata.atom import Feed
from services.projects.opendata.facts import PublicationFilter
from services.projects.opendata.schemas import PublicationView
from services.projects.opendata.service import ProjectFilter
from services.projects.register.models import UNIT_CODE
from services.projects.register.schemas import ProjectCode
from shared.errors import NotFound, Responses, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, Paging, Session, public
from shared.web.describing import refer
from shared.web.pagination import Page, PageRequest, decode
from shared.web.routing import Router

router = Router(prefix="/opendata", tags=["citizen"])
pages = Router(tags=["citizen"])

Anyone = Annotated[Caller | None, public()]
Unit = Annotated[str | None, Query(pattern=UNIT_CODE, description="公开主体 | Unit")]
Year = Annotated[int | None, Query(ge=2000, le=2200, description="清单年度 | List year")]
Project = Annotated[ProjectCode | None, Query(description="项目代码 | Project")]
Item = Annotated[ItemCode | None, Query(description="目录事项 | Item")]


async def _wanted(
    unit: Unit = None, project: Project = None, item: Item = None
) -> PublicationFilter:
    return PublicationFilter(unit, project, item)


async def _parts(
    limit: Annotated[int, Query(ge=1, le=2000, description="每次多少行 | Lines a part")] = 1000,
    cursor: Annotated[
        str | None, Query(max_length=500, description="见响应头 Link | See the header Link")
    ] = None,
) -> PageRequest:
    return PageRequest(limit, decode(cursor) if cursor else None)


Wanted = Annotated[PublicationFilter, Depends(_wanted)]
Parts = Annotated[PageRequest, Depends(_parts)]


def _file(media_type: str, *headers: str, schema: str = "string") -> Responses:
    content = {media_type: {"schema": {"type": schema}}}
    sent: dict[str, Any] = {"content": content, "description": "文件 | The file"}
    return {200: {**sent, "headers": refer("ETag", *headers)}}


def _listed() -> Responses:
    return {200: {"headers": refer("ETag", "Link")}}


@router.get(
    "/oc4ids.json",
    operation_id="export_oc4ids",
    summary="项目公开数据（OC4IDS） | Projects as OC4IDS",
    responses={
        **_file("application/json", "Link", schema="object"),
        **problem_responses(NotFound),
    },
    response_class=Response,
)
async def export_oc4ids(
    request: Request,
    session: Session,
    paging: Paging,
    _: Anyone,
    unit: Unit = None,
    year: Year = None,
) -> Response:
    """按基础设施公开承包数据标准（OC4IDS 0.9）给出项目、应公开的事项、已公开的网页和公开主体，
    每次最多 200 个项目；下一页的地址在响应头 Link 中。不知道的一律不写。

    ---
    Projects, what must be published about them, what is published and by whom, as project packages
    of OC4IDS 0.9: 200 projects each at most. The header Link leads to the next package. What is not
    known is left out.
    """
    wanted = ProjectFilter(unit, year)
    part = await service.oc4ids_package(session, paging, wanted, request.state.settings)
    return views.json_file(part, request)


@router.get(
    "/publications.atom",
    operation_id="follow_publications",
    summary="最新公开（Atom 订阅源） | New publications as a feed",
    responses=_file(atom.MEDIA_TYPE, "Last-Modified"),
    response_class=Response,
)
async def follow_publications(
    request: Request,
    session: Session,
    now: Now,
    _: Anyone,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=200, description="多少条 | How many entries")] = 50,
) -> Response:
    """最近 90 天公开的网页，最后看到的在前，可只订阅一个公开主体、一个项目或一项事项；
    订阅一个项目时列出其全部公开。没有变化时返回 304。

    ---
    What was published in the last 90 days, that which was seen last in front; of one unit, project
    or item if so wanted, of a project all that there is. Unchanged, the answer is a 304.
    """
    settings = request.state.settings
    asked = {name: value for name, value in wanted._asdict().items() if value is not None}
    url = service.address(settings, "publications.atom", asked)
    head = Feed(url, service.publisher(settings)["name"], service.projects_url(settings))
    entries = await service.newest(session, PageRequest(limit, None), wanted, now)
    return views.feed(entries, head, request)


@router.get(
    "/publications.json",
    operation_id="export_publications_json",
    summary="已公开的信息（JSON） | Publications as JSON",
    responses=_listed(),
    response_model=Page[PublicationView],
)
async def export_publications_json(
    request: Request, session: Session, paging: Parts, _: Anyone, wanted: Wanted
) -> Response:
    """全部已公开的信息，最后看到的在前；下一部分的地址在响应头 Link 中。

    ---
    All publications, that which was seen last in front; the header Link leads to the next part.
    """
    settings, file = request.state.settings, "publications.json"
    part = await service.publications(session, paging, wanted, settings, file)
    return views.publications(part, request)


@router.get(
    "/publications.csv",
    operation_id="export_publications_csv",
    summary="已公开的信息（CSV） | Publications as CSV",
    responses=_file("text/csv", "Link"),
    response_class=Response,
)
async def export_publications_csv(
    request: Request, session: Session, paging: Parts, language: Language, _: Anyone, wanted: Wanted
) -> Response:
    """供电子表格打开：一项已公开的信息一行；表头用所请求的语言，下一部分的地址在响应头 Link 中。

    ---
    For spreadsheets: a line a publication, under heads in the language that is asked for; the
    header Link leads to the next part.
    """
    settings, file = request.state.settings, "publications.csv"
    part = await service.publications(session, paging, wanted, settings, file)
    return views.table(part, file, tables.publications, request, language)


@router.get(
    "/projects.csv",
    operation_id="export_projects_csv",
    summary="项目名录（CSV） | Projects as CSV",
    responses=_file("text/csv", "Link"),
    response_class=Response,
)
async def export_projects_csv(
    request: Request,
    session: Session,
    paging: Parts,
    language: Language,
    _: Anyone,
    unit: Unit = None,
    year: Year = None,
) -> Response:
    """供电子表格打开：一个项目一行；下一部分的地址在响应头 Link 中。

    ---
    For spreadsheets: a line a project; the header Link leads to the next part.
    """
    wanted, settings = ProjectFilter(unit, year), request.state.settings
    part = await service.projects(session, paging, wanted, settings)
    return views.table(part, "projects.csv", tables.projects, request, language)


@router.get(
    "/units.csv",
    operation_id="export_units_csv",
    summary="公开主体名录（CSV） | Units as CSV",
    responses=_file("text/csv", "Link"),
    response_class=Response,
)
async def export_units_csv(
    request: Request, session: Session, paging: Parts, language: Language, _: Anyone
) -> Response:
    """供电子表格打开：一个公开主体一行；下一部分的地址在响应头 Link 中。

    ---
    For spreadsheets: a line a unit; the header Link leads to the next part.
    """
    part = await service.units(session, paging, request.state.settings)
    return views.table(part, "units.csv", tables.units, request, language)


@pages.get(
    "/projects/{code}.html",
    operation_id="read_project_page",
    summary="项目全过程（网页） | A project's life line as a page",
    responses={**_file("text/html"), **problem_responses(NotFound)},
    response_class=Response,
)
async def read_project_page(
    code: Annotated[ProjectCode, Path(description="项目代码 | Project code")],
    request: Request,
    session: Session,
    now: Now,
    _: Anyone,
) -> Response:
    """一个项目从批准到竣工应公开的事项：由谁公开、最迟哪天、公开了没有、晚了没有；可打印，手机上也可看。

    ---
    What must be published in a project's life: by whom, by which day, whether it is and whether it
    came late; to be printed, and read on a telephone.
    """
    life = await service.life(session, code)
    return views.page(printing.life_page(life, now), request)
