"""A hall whose finished cases are followed up, and short words for what people do."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from services.appointments.followups import service
from services.appointments.followups.schemas import QuestionnaireContent
from services.appointments.followups.workflow import WORKFLOW, FollowupAction
from services.appointments.queueing.events import CaseFinished
from shared.database.engine import Sessions
from shared.security.crypto import rating_key
from tests.appointments.offices import KEYRING
from tests.appointments.queue_helpers import Floor, good

QUESTIONS: dict[str, Any] = {
    "title": "办事回访",
    "title_en": "After your visit",
    "questions": [
        {"code": "KIND", "kind": "scale", "text": "态度如何？", "text_en": "How kind?",
         "bad_up_to": 2},
        {"code": "AGAIN", "kind": "yes_no", "text": "是否跑了第二趟？", "text_en": "Twice?",
         "bad_answer": True, "required": False},
        {"code": "WHY", "kind": "choice", "text": "哪里可以更好？", "text_en": "What?",
         "required": False,
         "options": [{"code": "wait", "text": "等候", "text_en": "The wait"},
                     {"code": "money", "text": "收了不该收的钱", "text_en": "Money",
                      "is_bad": True}]},
    ],
}  # fmt: skip
CONTENT = QuestionnaireContent.model_validate(QUESTIONS)
GOOD = {"KIND": 5}
BAD = {"KIND": 2, "AGAIN": True}
CALLS: dict[FollowupAction, dict[str, Any]] = {
    row.action: {"outcome": row.outcome, "answers": GOOD if row.channel else None}
    for row in WORKFLOW.rows
    if isinstance(row.action, FollowupAction) and row.outcome
}


@dataclass
class FollowedUp:
    """A hall whose finished cases are drawn, and one of these."""

    floor: Floor
    sessions: Sessions
    owner: asyncpg.Connection
    case: CaseFinished
    id: str = ""

    @property
    def key(self) -> str:
        return rating_key(KEYRING, self.case.case_id)

    async def draw(self, **others: Any) -> bool:
        async with self.sessions() as session, session.begin():
            again = self.case.model_copy(update=others)
            return await service.draw(session, again, self.floor.clock())

    async def ask(self, key: str | None = None) -> httpx.Response:
        body = {"case_id": str(self.case.case_id), "key": key or self.key}
        return await self.floor.client.post("/api/v1/followups/invitations", json=body)

    async def answer(
        self, answers: dict[str, Any] = GOOD, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        url = f"/api/v1/followups/{self.id}/answers"
        body = {"key": self.key, "answers": answers, **more}
        return await self.floor.client.post(url, json=body, headers=headers)

    async def call(self, headers: dict[str, str], outcome: str, **more: Any) -> httpx.Response:
        url = f"/api/v1/followups/{self.id}/calls"
        return await self.floor.client.post(url, json={"outcome": outcome, **more}, headers=headers)

    def caller(self, role: str = "reviewer") -> dict[str, str]:
        return self.floor.sign(role, self.case.hall_code, self.case.department_code, sub="another")

    async def see(self) -> dict[str, Any]:
        url = f"/api/v1/followups/{self.id}"
        return good(await self.floor.client.get(url, headers=self.floor.manager()))

    async def events(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.owner.fetch(
            "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
            f"appointments.followup.{kind}.v1.{self.case.hall_code}",
        )
        return [json.loads(row["body"])["data"] for row in rows]


async def lay_down(floor: Floor, **terms: Any) -> None:
    """A questionnaire of the test's own, asked about all finished cases."""
    code = f"Q-{uuid4().hex[:8]}"
    url, admin = f"/api/v1/questionnaires/{code}", floor.sign("admin", "*")
    put = await floor.client.put(url, json={"version": 0, **QUESTIONS}, headers=admin)
    assert good(put)["version"] == 1
    followups = {"questionnaire_code": code, "rules": [{"percent": 100}], **terms}
    url = f"/api/v1/policies/{floor.code}"
    policy = {"version": 0, "followups": followups}
    good(await floor.client.put(url, json=policy, headers=floor.manager()))


async def served(floor: Floor, owner: asyncpg.Connection, outcome: str = "done") -> CaseFinished:
    """A case that clerk-1 has finished, as it was published."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    missing = {"missing": ["身份证"]} if outcome == "needs_more" else {}
    await floor.done(ticket, "finish", outcome=outcome, **missing)
    subject = f"appointments.case.finished.v1.{floor.code}"
    body = await owner.fetchval(
        "SELECT body FROM outbox WHERE subject = $1 ORDER BY position DESC LIMIT 1", subject
    )
    return CaseFinished.model_validate(json.loads(body)["data"])


async def drawn(floor: Floor, owner: asyncpg.Connection, sessions: Sessions) -> FollowedUp:
    """A drawn case that waits for its answer."""
    await floor.open()
    await lay_down(floor)
    made = FollowedUp(floor, sessions, owner, await served(floor, owner))
    assert await made.draw()
    made.id = str(good(await made.ask())["id"])
    return made
