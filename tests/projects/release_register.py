"""The release register of a unit of its own, over the API, by the people who may."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World
from tests.projects.unruly_portal import listing
from tests.support import PUSH_KEY, PUSHER

ITEM = "MP-02-01"
AUTHOR, CHECKER, APPROVER, AUDITOR = "author-a", "checker-b", "approver-c", "auditor-d"
ROLE_OF = {AUTHOR: "officer", CHECKER: "reviewer", APPROVER: "reviewer", AUDITOR: "auditor"}
DOCUMENT = {"name": "批复.pdf", "content": "JVBERi0xLjcKJSVFT0YK"}
STEPS: tuple[tuple[str, str, dict[str, str] | None], ...] = (
    ("attach", AUTHOR, DOCUMENT),
    ("submit", AUTHOR, None),
    ("check", CHECKER, {"basis": "不涉及国家秘密、商业秘密和个人隐私"}),
    ("approve", APPROVER, None),
)
PUTS = {"revise": ("PUT", ""), "attach": ("PUT", "/document")}
"""The steps that put something in the place of what was there."""


@dataclass
class Register:
    """`sub` says who acts, each in one role unless another is named."""

    client: httpx.AsyncClient
    as_: Headers
    unit: str
    project: str

    @property
    def subject(self) -> dict[str, Any]:
        return {
            "unit_code": self.unit,
            "item_code": ITEM,
            "project_code": self.project,
            "title": "第三水厂工程建议书批复",
        }

    def by(self, sub: str, role: str | None = None) -> dict[str, str]:
        places = () if sub == AUDITOR else (self.unit,)
        return self.as_(role or ROLE_OF[sub], *places, sub=sub)

    async def draft(self, **others: Any) -> dict[str, Any]:
        answer = await self.client.post(
            "/api/v1/release-register", json=self.subject | others, headers=self.by(AUTHOR)
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def send(
        self,
        release: Mapping[str, Any],
        action: str,
        sub: str,
        body: Mapping[str, Any] | None = None,
        *,
        role: str | None = None,
    ) -> httpx.Response:
        """Take a step by the version that is in hand."""
        method, part = PUTS.get(action, ("POST", f"/{action}"))
        path = f"/api/v1/release-register/{release['id']}{part}"
        headers = self.by(sub, role) | {"If-Match": f'"{release["version"]}"'}
        return await self.client.request(method, path, json=body, headers=headers)

    async def take(self, release: Mapping[str, Any], *step: Any) -> dict[str, Any]:
        answer = await self.send(release, *step)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def come_to(self, action: str, **others: Any) -> dict[str, Any]:
        """A draft that has come so far that `action` may be taken."""
        release = await self.draft(**others)
        for step in STEPS:
            if step[0] == action:
                break
            release = await self.take(release, *step)
        return release

    async def released(self, *urls: str, **others: Any) -> dict[str, Any]:
        """A release that the unit says is out, at these addresses."""
        approved = await self.come_to("release", **others)
        places = {"places": [{"url": url} for url in urls]}
        return await self.take(approved, "release", AUTHOR, places)

    async def push(
        self,
        *urls: str,
        at: datetime | None = None,
        status: int = 201,
        headers: dict[str, str] | None = None,
        signed_at: datetime | None = None,
        **others: Any,
    ) -> dict[str, Any]:
        """What another system reports as published, now or `at`; signed if so wanted."""
        body = self.pushed(*urls, at=at, **others)
        headers = headers or self.as_("system", self.unit, sub=PUSHER)
        if signed_at is not None:
            headers = headers | signature(body, signed_at)
        answer = await self.send_push(body, headers)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def pushed(self, *urls: str, at: datetime | None = None, **others: Any) -> bytes:
        """What is sent of it."""
        body = {
            **self.subject,
            "places": [{"url": url} for url in urls],
            "published_at": (at or clock.now()).isoformat(),
        }
        return json.dumps(body | others).encode()

    async def send_push(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        typed = headers | {"Content-Type": "application/json"}
        return await self.client.post("/api/v1/publications", content=body, headers=typed)

    async def read(self, release: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(
            f"/api/v1/release-register/{release['id']}", headers=self.by(AUDITOR)
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def listed(self, sub: str, **query: Any) -> list[str]:
        answer = await self.client.get(
            "/api/v1/release-register", params=query, headers=self.by(sub)
        )
        assert answer.status_code == 200, answer.text
        return [str(one["id"]) for one in answer.json()["items"]]


def signature(
    body: bytes,
    at: datetime,
    *,
    method: str = "POST",
    path: str = "/api/v1/publications",
    key_id: str = PUSHER,
    secret: str = PUSH_KEY,
    covered: str = '"@method" "@path" "content-digest"',
) -> dict[str, str]:
    """The headers of RFC 9421, made by its letter and without a library."""
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    values = {'"@method"': method, '"@path"': path, '"content-digest"': digest}
    parameters = f'({covered});created={int(at.timestamp())};keyid="{key_id}"'
    lines = [f"{name}: {values[name]}" for name in covered.split()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    mac = base64.b64encode(hmac.digest(secret.encode(), base.encode(), "sha256")).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"push={parameters}",
        "Signature": f"push=:{mac}:",
    }


def publish_today(world: World) -> None:
    """The world's page, which claims the day and no hour, as it may be early."""
    day, title = clock.today(clock.now()), f"{world.name}建议书批复"
    world.served.pages |= {
        "/a": f'<meta name="PubDate" content="{day}"><h1>{title}</h1>'
        f"<p>项目统一代码：{world.project}</p>",
        "/list": listing(f"/a|{title}|{day}"),
    }


def yesterday() -> datetime:
    return clock.now() - timedelta(days=1)


def new_project() -> str:
    return make.project_code()
