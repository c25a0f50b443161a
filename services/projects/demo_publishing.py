"""The made-up city's carriers, and entries of its release register that wait for somebody."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence.files import EvidenceStore
from services.projects.publishing.models import (
    Carrier,
    CarrierKind,
    RegisteredRelease,
    RegisteredReleaseState,
    ReleaseOrigin,
    ReleasePlace,
)

AUTHOR = "demo-officer"
PROJECT, UNIT = "2408-359900-47-03-837832", "D01"
ITEM = "MP-02-01"
PDF = (
    b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n"
    b"trailer\n<</Root 1 0 R>>\n%%EOF\n"
)
"""An empty page: what is to be published, checked and approved."""
FIRST = UUID("01993f6a-6c00-7abc-8def-0123456789c0")


class _Carried(NamedTuple):
    code: str
    name: str
    name_en: str
    kind: CarrierKind
    is_statutory: bool
    must_for: tuple[str, ...]


CARRIERS = (
    _Carried("city-portal", "宁川市政府门户网站", "City portal", CarrierKind.SITE, True, ("*",)),
    _Carried("city-gazette", "宁川市人民政府公报", "City gazette", CarrierKind.GAZETTE, True, ()),
    _Carried("city-wechat", "宁川发布", "City on WeChat", CarrierKind.WECHAT, False, ("MP-02",)),
    _Carried("city-paper", "宁川日报", "Ningchuan Daily", CarrierKind.PRESS, False, ()),
)


async def load(session: AsyncSession, files: EvidenceStore, now: datetime) -> None:
    """The carriers and one entry for each who has something to do, as far as they are not there."""
    for carrier in CARRIERS:
        if await session.get(Carrier, carrier.code) is None:
            given = {**carrier._asdict(), "must_for": [*carrier.must_for]}
            session.add(Carrier(**given, updated_at=now))
    if await session.get(RegisteredRelease, FIRST) is None:
        await _entries(session, await files.put(PDF), now)


async def _entries(session: AsyncSession, sha256: str, now: datetime) -> None:
    document = {"name": "批复.pdf", "kind": "pdf", "size": len(PDF), "sha256": sha256}
    state = RegisteredReleaseState
    planned = {"planned_at": now + timedelta(days=2), "document": document}
    checked = {
        "checked_at": now,
        "checked_by": "demo-reviewer",
        "check_basis": "不涉及国家秘密、商业秘密和个人隐私",
    }
    session.add_all(
        [
            _entry("项目建议书批复", state.DRAFT, now, {"id": FIRST, **planned}),
            _entry("可行性研究报告批复", state.SUBMITTED, now, planned),
            _entry("初步设计批复", state.CHECKED, now, planned | checked),
        ]
    )
    day_before = now - timedelta(days=1)
    pushed = {"claimed_at": day_before, "released_at": now, "origin": ReleaseOrigin.PUSH}
    push = _entry("用地预审批复", state.CONTRADICTED, now, pushed)
    session.add(push)
    await session.flush()
    url = "https://www.ningchuan.gov.cn/zfbm/fgw/zdxm/yd.html"
    session.add(ReleasePlace(release_id=push.id, url=url))


def _entry(
    title: str, state: RegisteredReleaseState, now: datetime, more: dict[str, Any]
) -> RegisteredRelease:
    given = {"origin": ReleaseOrigin.REGISTER, **more}
    return RegisteredRelease(
        unit_code=UNIT,
        item_code=ITEM,
        project_code=PROJECT,
        title=f"环城北路道路拓宽工程{title}",
        state=state,
        created_at=now,
        created_by=AUTHOR,
        authors=[AUTHOR],
        **given,
    )
