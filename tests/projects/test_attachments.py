"""Files that pages lead to: what they say counts as their page's, or a person has to read them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from services.projects.attachments.service import FILE_BYTES, MAX_FILES
from services.projects.demo_portal.files import docx, pdf, xlsx
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes

CODE = "2605-359900-44-05-523645"
LINES = (f"项目统一代码：{CODE}", "批复文号：宁建〔2026〕12号", "批复时间：2026年1月4日")
ROWS = (
    ("序号", "项目名称", "项目统一代码"),
    ("1", "甲工程", "2605-359900-44-05-523641"),
    ("2", "乙工程", "2605-359900-44-05-523642"),
)


class Shop:
    """A portal whose one item leads to a file."""

    def __init__(self, desk: Desk, portal: UnrulyPortal, address: str) -> None:
        self.desk, self.portal, self.address = desk, portal, address
        self.portal_id = f"t-{uuid4().hex[:10]}"

    def show(self, *files: str, entry: str = "/a") -> None:
        links = "".join(f'<p>附件：<a href="{file}">附件</a></p>' for file in files)
        self.portal.pages["/list"] = listing(f"{entry}|甲工程施工许可公示|2026-01-05")
        self.portal.pages["/a"] = f"<h1>甲工程施工许可公示</h1><p>发布时间：2026-01-05</p>{links}"

    async def walk(self) -> dict[str, Any]:
        """The item's page after a walk."""
        if not await self.desk.rows("SELECT id FROM portal WHERE id = :id", id=self.portal_id):
            await self.desk.portal(self.portal_id, f"{self.address}/list")
        await self.desk.collect(self.portal_id)
        found = "SELECT * FROM portal_page WHERE portal_id = :id AND parent_id IS NULL"
        (row,) = await self.desk.rows(found, id=self.portal_id)
        return dict(row)

    async def files(self) -> list[dict[str, Any]]:
        found = "SELECT * FROM attachment WHERE portal_id = :id ORDER BY url"
        return [dict(row) for row in await self.desk.rows(found, id=self.portal_id)]


@pytest.fixture
async def shop(desk: Desk) -> AsyncIterator[Shop]:
    portal = UnrulyPortal()
    async with serving(portal) as address:
        yield Shop(desk, portal, address)


async def test_what_a_file_says_counts_as_its_pages_with_its_place_as_evidence(
    shop: Shop, as_: Headers
) -> None:
    shop.show("/f/a.pdf")
    shop.portal.pages["/f/a.pdf"] = pdf(LINES)
    page = await shop.walk()
    assert (page["project_code"], page["doc_no"]) == (CODE, "宁建〔2026〕12号")
    assert (page["formed_on"].isoformat(), page["claimed_at"] is not None) == ("2026-01-04", True)
    assert {"项目统一代码", "批复文号"} <= page["labels"].keys()
    assert page["flags"] == []
    (file,) = await shop.files()
    assert (file["kind"], file["fault"], file["name"]) == ("pdf", None, "附件")
    captured = "SELECT request_headers FROM capture WHERE id = :id"
    (capture,) = await shop.desk.rows(captured, id=file["evidence_id"])
    assert "User-Agent" in capture["request_headers"]
    path = f"/api/v1/attachments/{file['id']}"
    shown = (await shop.desk.client.get(path, headers=as_("auditor"))).json()
    quote = next(each for each in shown["quotes"] if each["label"] == "项目统一代码")
    assert shown["text"][quote["offset"] :].startswith(f"项目统一代码:{CODE}")
    assert quote["quote"].startswith(f"项目统一代码:{CODE}")


async def test_a_file_that_a_list_leads_to_is_read_as_a_page(shop: Shop) -> None:
    shop.show(entry="/f/a.docx")
    shop.portal.pages["/f/a.docx"] = docx(("关于甲工程施工许可的批复", *LINES))
    page = await shop.walk()
    assert (page["title"], page["project_code"]) == ("关于甲工程施工许可的批复", CODE)
    assert (page["claimed_from"], page["flags"]) == ("list", [])


async def test_each_row_of_a_spreadsheet_is_a_publication(shop: Shop) -> None:
    shop.show("/f/a.xlsx")
    shop.portal.pages["/f/a.xlsx"] = xlsx(ROWS)
    page = await shop.walk()
    rows = "SELECT project_code FROM portal_page WHERE parent_id = :id ORDER BY project_code"
    found = [row["project_code"] for row in await shop.desk.rows(rows, id=page["id"])]
    assert found == [row[2] for row in ROWS[1:]]
    assert page["project_code"] is None


UNREAD: dict[str, tuple[str | bytes | None, str]] = {
    "/announced/a.pdf": (None, "too_large"),
    "/huge/a.pdf": (None, "too_large"),
    "/f/a.pdf": (pdf(LINES)[:60], "broken"),
    "/f/b.pdf": ("<html>请先登录</html>", "unknown_kind"),
    "/f/a.zip": (b"PK\x03\x04 rows", "unknown_kind"),
    "/f/a.xls": (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "/f/gone.pdf": (None, "unreachable"),
    "https://other.example/a.pdf": (None, "other_host"),
}


async def test_files_that_cannot_be_read_need_a_person_and_300_megabytes_are_not_taken(
    shop: Shop,
) -> None:
    shop.show(*UNREAD)
    shop.portal.pages |= {where: body for where, (body, _) in UNREAD.items() if body is not None}
    page = await shop.walk()
    found = {
        file["url"].removeprefix(shop.address): file["not_asked"] or file["fault"]
        for file in await shop.files()
    }
    assert found == {where: fault for where, (_, fault) in UNREAD.items()}
    assert page["flags"] == ["words_not_readable", "needs_a_person"]
    assert page["detail_state"] == "read"
    assert shop.portal.megabytes_sent < FILE_BYTES / 1_000_000


async def test_of_more_files_than_are_read_one_more_is_noted(shop: Shop, as_: Headers) -> None:
    shop.show(*(f"/f/{n:02}.zip" for n in range(40)))
    shop.portal.pages |= {f"/f/{n:02}.zip": b"PK\x03\x04" for n in range(40)}
    await shop.walk()
    path = f"/api/v1/attachments?portal={shop.portal_id}&limit=50"
    answer = await shop.desk.client.get(path, headers=as_("auditor"))
    noted = {file["url"].rpartition("/")[2]: file["file_fault"] for file in answer.json()["items"]}
    read = {f"{n:02}.zip": "unknown_kind" for n in range(MAX_FILES)}
    assert noted == {**read, f"{MAX_FILES:02}.zip": "too_many"}
    assert {file["fault"] for file in await shop.files()} == {"unknown_kind", "too_large"}


async def test_a_file_is_what_its_bytes_say_whatever_it_is_called(shop: Shop) -> None:
    shop.show("/f/a.pdf")
    shop.portal.pages["/f/a.pdf"] = docx(LINES)
    shop.portal.types["/f/a.pdf"] = "application/pdf"
    assert (await shop.walk())["project_code"] == CODE
    (file,) = await shop.files()
    assert (file["kind"], file["fault"]) == ("docx", None)


async def test_files_that_change_are_read_with_their_page_and_keep_their_place(
    shop: Shop, as_: Headers
) -> None:
    shop.show("/f/a.zip", "/f/b.zip")
    shop.portal.pages |= {"/f/a.zip": b"PK\x03\x04", "/f/b.zip": b"PK\x03\x04"}
    await shop.walk()
    before = await shop.files()
    shop.show("/f/b.zip")
    changed = "UPDATE portal_page SET checked_at = checked_at - interval '2 days', etag = NULL"
    await shop.desk.do(f"{changed} WHERE portal_id = :id", id=shop.portal_id)
    await shop.walk()
    assert [file["id"] for file in await shop.files()] == [before[1]["id"]]
    path, auditor = "/api/v1/attachments", as_("auditor")
    query = {"portal": shop.portal_id, "needs_a_person": "true"}
    listed = (await shop.desk.client.get(path, params=query, headers=auditor)).json()["items"]
    assert [(file["url"].rpartition("/")[2], file["file_fault"]) for file in listed] == [
        ("b.zip", "unknown_kind")
    ]
    query["needs_a_person"] = "false"
    assert not (await shop.desk.client.get(path, params=query, headers=auditor)).json()["items"]


@provokes("read_attachment", "not-found", "evidence-damaged")
async def test_a_text_that_was_altered_is_not_shown(shop: Shop, as_: Headers) -> None:
    path, auditor = "/api/v1/attachments/", as_("auditor")
    client = shop.desk.client
    assert (await client.get(f"{path}{uuid4()}", headers=auditor)).status_code == 404
    shop.show("/f/a.pdf")
    shop.portal.pages["/f/a.pdf"] = pdf(LINES)
    await shop.walk()
    (file,) = await shop.files()
    sha256 = file["text_sha256"]
    stored = shop.desk.folder / sha256[:2] / sha256[2:4] / sha256
    stored.chmod(0o640)
    stored.write_text("别的文字")
    answer = await client.get(f"{path}{file['id']}", headers=auditor)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/evidence-damaged")
    stored.unlink()
