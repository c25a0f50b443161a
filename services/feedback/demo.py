"""`python -m services.feedback.demo`: departments, published letters, and letters in work.

May run again at any time: what is there already stays as it is.
"""

import asyncio
import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import service as casework
from services.feedback.casework import workflow
from services.feedback.casework.schemas import RateReply
from services.feedback.departments.models import Department, StaffName
from services.feedback.letters import intake
from services.feedback.letters import service as letters
from services.feedback.letters.models import Letter, LetterState
from services.feedback.letters.schemas import LetterIn
from services.feedback.publication import cases
from services.feedback.publication import service as publication
from services.feedback.publication import views as publication_views
from services.feedback.publication.models import PublishedLetter
from services.feedback.publication.schemas import Decide
from services.feedback.settings import FeedbackSettings
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.crypto import Keyring
from shared.security.identity import Caller

DATA = Path(__file__).parent / "data"
EVERYWHERE = frozenset({"*"})
OFFICE = Caller("dispatcher1", frozenset({"dispatcher"}), EVERYWHERE)
REVIEWERS = [
    Caller("reviewer1", frozenset({"reviewer"}), EVERYWHERE),
    Caller("supervisor1", frozenset({"supervisor"}), EVERYWHERE),
]
STEPS = ("register", "accept", "dispatch", "accept", "submit_reply", "approve")
REFUSED = ("register", "refuse")
QUERY_CODE = "7KQ2M9XTCA"
"""Opens every letter of the demo, so that the examples of the documents work on them."""
REPLY = "您好！来信收悉，我们正在核实办理，现将初步情况答复如下：已联系有关单位，将尽快解决。"


class Office:
    """Handles the demo letters as the staff would, at moments of the past."""

    def __init__(self, session: AsyncSession, keyring: Keyring, region: str) -> None:
        self._session, self._keyring, self._region = session, keyring, region

    async def receive(self, written: dict[str, Any], at: datetime) -> UUID:
        fields = {k: v for k, v in written.items() if k in LetterIn.model_fields}
        letter_in = LetterIn(**fields, wants_public=True)
        receipt = await intake.receive(
            self._session, self._keyring, letter_in, None, self._region, at
        )
        known = self._keyring.blind_index(QUERY_CODE, where="letter.query_code")
        own = update(Letter).where(col(Letter.id) == receipt.id)
        await self._session.execute(own.values(renewed_code_hash=known))
        return receipt.id

    async def handle(self, letter_id: UUID, written: dict[str, Any], until: LetterState) -> None:
        """Step by step, three hours each, until the letter is in the wanted state."""
        given = {
            "dispatch": {"department_code": written["department"]},
            "submit_reply": {"text": written.get("reply", REPLY)},
            "refuse": {
                "reason_code": "other_procedure",
                "basis": "信访工作条例第十九条",
                "where_to_go": "已在诉讼中的事项，请向受理的法院反映",
            },
        }
        for action in REFUSED if until is LetterState.NOT_ACCEPTED else STEPS:
            letter = await self._letter(letter_id)
            if letter.state is until:
                return
            at = letter.received_at + timedelta(hours=3 * letter.version)
            caller = self._staff(action, letter.state, written["department"])
            await casework.act(
                self._session,
                self._keyring,
                await casework.opened(self._session, letter_id, caller),
                action,
                workflow.takes(action)(**given.get(action, {})),
                version=letter.version,
                caller=caller,
                now=at,
            )

    async def publish(self, letter_id: UUID, at: datetime) -> None:
        """Every proposal accepted, approved by as many as it takes."""
        case = await cases.open_case(
            self._session, self._keyring, letter_id, REVIEWERS[0], None, at
        )
        view = await publication_views.redaction(self._session, case, REVIEWERS[0], at)
        decision = Decide(accept=[span.id for span in view.spans if not span.hint])
        case = await publication.decide(self._session, case, decision, view.version, REVIEWERS[0])
        for reviewer in REVIEWERS[: case.redaction.approvals_needed]:
            version = case.redaction.version
            case = await publication.approve(self._session, case, version, reviewer, at)

    async def rate(self, letter_id: UUID, grade: str, at: datetime) -> None:
        letter = await self._letter(letter_id)
        await casework.rate(self._session, self._keyring, letter, RateReply(grade=grade), at)

    async def _letter(self, letter_id: UUID) -> Letter:
        letter = await letters.by_id(self._session, letter_id)
        assert letter is not None  # it was received just now
        return letter

    def _staff(self, action: str, state: LetterState, department: str) -> Caller:
        """The demo account that does this."""
        move = workflow.WORKFLOW.get(state, action)
        roles = move.roles if move else frozenset()
        if "dispatcher" in roles:
            return OFFICE
        if "reviewer" in roles:
            return REVIEWERS[0]
        account = f"officer-{department.lower()}"
        return Caller(account, frozenset({"officer"}), frozenset({department}))


async def load(session: AsyncSession, keyring: Keyring, region: str, now: datetime) -> int:
    """Load what is missing; returns how many letters were added."""
    await _departments(session)
    office, added = Office(session, keyring, region), 0
    for written in json.loads((DATA / "letters.json").read_text("utf-8")):
        if await _is_published(session, written["title"]):
            continue
        at = now - timedelta(days=written["days_ago"])
        letter_id = await office.receive(written, at)
        await office.handle(letter_id, written, LetterState.REPLIED)
        await office.publish(letter_id, at + timedelta(days=2))
        await office.rate(letter_id, written["grade"], at + timedelta(days=3))
        added += 1
    if added:
        for written in json.loads((DATA / "open_letters.json").read_text("utf-8")):
            letter_id = await office.receive(written, now - timedelta(days=1))
            await office.handle(letter_id, written, LetterState(written["to"]))
            added += 1
    return added


async def _departments(session: AsyncSession) -> None:
    for table, file in ((Department, "departments.csv"), (StaffName, "staff_names.csv")):
        with (DATA / file).open(encoding="utf-8", newline="") as rows:
            values = list(csv.DictReader(rows))
        await session.execute(insert(table).values(values).on_conflict_do_nothing())


async def _is_published(session: AsyncSession, title: str) -> bool:
    found = select(exists().where(col(PublishedLetter.title) == title))
    return bool((await session.execute(found)).scalar_one())


async def main() -> None:
    settings = FeedbackSettings()
    engine = new_engine(settings, "feedback-demo")
    keyring = Keyring(settings.column_keys, settings.index_key)
    async with new_sessions(engine)() as session, session.begin():
        added = await load(session, keyring, settings.region, clock.now())
    print(f"feedback: +{added} 封来信 letters")
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
