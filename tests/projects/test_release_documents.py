"""The document of a release is kept as evidence: bounded, of a known kind, and never replaced."""

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.projects.copy_evidence import names_besides
from services.projects.evidence import moving
from services.projects.evidence.rules import content_hash
from services.projects.publishing import documents
from services.projects.publishing.schemas import ReleaseUpload
from shared.errors import Invalid
from tests.conftest import Headers
from tests.projects import make
from tests.projects.collecting_world import Desk
from tests.projects.release_register import AUDITOR, AUTHOR, CHECKER, Register, new_project
from tests.provoking import provokes
from tests.support import connect

PDF = b"%PDF-1.7\n%%EOF\n"
URL = "https://www.example.gov.cn/d.html"


def archive(*parts: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as one:
        for part in parts:
            one.writestr(part, "")
    return made.getvalue()


def upload(body: bytes, name: str = "批复.pdf") -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(body).decode()}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PDF, "pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00", "png"),
        (archive("OFD.xml", "Doc_0/Document.xml"), "ofd"),
        (archive("[Content_Types].xml", "word/document.xml"), "docx"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (archive("payload.exe"), None),
        (b"<html><script>alert(1)</script></html>", None),
        (b"MZ\x90\x00 %PDF-1.7", None),
        (PDF + bytes(documents.LARGEST), None),
    ],
    ids=lambda given: None if isinstance(given, str) else "of",
)
def test_a_document_is_known_by_its_first_bytes_and_bounded(body: bytes, kind: str | None) -> None:
    given = ReleaseUpload.model_construct(None, **upload(body))
    if kind is None:
        with pytest.raises(Invalid):
            documents.read(given)
    else:
        assert documents.read(given) == (body, kind)


def test_what_is_no_base64_is_refused() -> None:
    with pytest.raises(Invalid):
        documents.read(ReleaseUpload(name="批复.pdf", content="不是Base64的内容"))


@pytest.fixture
async def register(desk: Desk, as_: Headers) -> Register:
    owner = await connect(desk.engine_url.set(drivername="postgresql").render_as_string(False))
    unit = await make.unit(owner)
    await owner.close()
    return Register(desk.client, as_, unit, new_project())


async def put(register: Register, release: dict[str, Any], body: bytes) -> httpx.Response:
    path = f"/api/v1/release-register/{release['id']}/document"
    return await register.client.put(path, json=upload(body), headers=register.by(AUTHOR))


async def test_a_drafts_document_may_be_replaced_and_is_given_back_byte_for_byte(
    register: Register,
) -> None:
    draft = await register.draft()
    assert (await put(register, draft, PDF)).status_code == 200
    answer = await put(register, draft, PDF + b"2")
    assert answer.json()["document"] == {
        "name": "批复.pdf",
        "kind": "pdf",
        "size": len(PDF) + 1,
        "sha256": content_hash(PDF + b"2"),
    }
    path = f"/api/v1/release-register/{draft['id']}/document"
    found = await register.client.get(path, headers=register.by(CHECKER))
    assert (found.status_code, found.content) == (200, PDF + b"2")
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.headers["content-type"] == "application/octet-stream"


@provokes("upload_release_document", "state-conflict")
async def test_what_is_out_gets_its_document_once(register: Register) -> None:
    pushed = await register.push(URL)
    assert (await put(register, pushed, PDF)).status_code == 200
    again = await put(register, pushed, PDF + b"2")
    assert (again.status_code, again.json()["state"]) == (409, "released")
    assert (await register.read(pushed))["document"]["sha256"] == content_hash(PDF)


async def test_nothing_is_submitted_without_the_document_that_is_checked(
    register: Register,
) -> None:
    draft = await register.draft()
    refused = await register.send(draft, "submit", AUTHOR)
    assert (refused.status_code, refused.json()["state"]) == (409, "draft")
    assert "文件" in refused.json()["detail"]
    await register.come_to("check")


async def test_no_document_comes_to_what_was_approved_without_it(
    register: Register, desk: Desk
) -> None:
    """As long as nothing was submitted without one, such entries are of before."""
    out = await register.released(URL)
    for state in ("released", "unverified"):
        await desk.do(
            "UPDATE registered_release SET document = NULL, state = :state"
            " WHERE id = CAST(:id AS uuid)",
            id=out["id"],
            state=state,
        )
        refused = await put(register, out, PDF)
        assert (refused.status_code, refused.json()["state"]) == (409, state)


@pytest.mark.parametrize("method", ["PUT", "GET"])
async def test_while_the_store_cannot_be_had_the_answer_says_so(
    register: Register, desk: Desk, method: str
) -> None:
    body = PDF + method.encode()
    draft = await register.draft()
    assert (await put(register, draft, body)).status_code == 200
    folder = (desk.folder / content_hash(body)[:2]).rename(desk.folder / "moved-away")
    folder.with_name(content_hash(body)[:2]).touch()  # no folder: neither to be read nor written
    try:
        path = f"/api/v1/release-register/{draft['id']}/document"
        sent = upload(body) if method == "PUT" else None
        by = register.by(AUTHOR)
        answer = await register.client.request(method, path, headers=by, json=sent)
    finally:
        folder.with_name(content_hash(body)[:2]).unlink()
        folder.rename(desk.folder / content_hash(body)[:2])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


@provokes("upload_release_document", "not-found")
@provokes("get_release_document", "not-found")
@provokes("get_release_document", "evidence-damaged")
async def test_it_is_the_units_own_and_never_other_bytes(register: Register, desk: Desk) -> None:
    draft = await register.draft()
    path = f"/api/v1/release-register/{draft['id']}/document"
    nothing = await register.client.get(path, headers=register.by(AUDITOR))
    assert nothing.status_code == 404
    stranger = register.as_("officer", "T1")
    refused = await register.client.put(path, json=upload(PDF), headers=stranger)
    assert refused.status_code == 404
    body = PDF + draft["id"].encode()
    assert (await put(register, draft, body)).status_code == 200
    _alter(desk.folder, content_hash(body))
    damaged = await register.client.get(path, headers=register.by(AUDITOR))
    assert damaged.json()["type"] == "/problems/evidence-damaged"
    async with desk.sessions() as session:
        found = await moving.copy(names_besides(session), desk.files, None)
    assert content_hash(body) in found.missing, "what checks the evidence names it too"


def _alter(folder: Path, sha256: str) -> None:
    file = folder / sha256[:2] / sha256[2:4] / sha256
    file.chmod(0o600)
    file.write_bytes(b"%PDF-1.7 altered")
