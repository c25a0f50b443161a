"""SQL of what became of reports: signed, proposed to be withdrawn, withdrawn."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reports.models import (
    Report,
    ReportSignature,
    ReportStep,
    ReportStepKind,
    ReportWithdrawal,
)
from services.projects.reports.statement import SIGNING
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken


class ReportStatus(NamedTuple):
    """What became of a report: whether it was withdrawn, whether signed, and whether one proposed
    to withdraw it and another is to confirm that."""

    withdrawal: ReportWithdrawal | None = None
    signature: ReportSignature | None = None
    proposal: ReportStep | None = None

    @property
    def next_place(self) -> int:
        """Of what is done about it next: a report is signed first, if at all."""
        return 1 + (self.signature is not None) + (self.proposal is not None)


class Signing(NamedTuple):
    """What decides whether a report is signed, and by which number."""

    made_by: str
    is_withdrawn: bool
    is_signed: bool
    serial: int


async def statuses(session: AsyncSession, report_ids: Sequence[UUID]) -> dict[UUID, ReportStatus]:
    """What became of these reports."""
    query = (
        select(Report.id, ReportWithdrawal, ReportSignature, ReportStep)
        .outerjoin(ReportWithdrawal, col(ReportWithdrawal.report_id) == col(Report.id))
        .outerjoin(ReportSignature, col(ReportSignature.report_id) == col(Report.id))
        .outerjoin(
            ReportStep,
            and_(
                col(ReportStep.report_id) == col(Report.id),
                col(ReportStep.kind) == ReportStepKind.WITHDRAWAL_PROPOSED,
            ),
        )
        .where(col(Report.id).in_(report_ids))
    )
    found = (await session.exec(query)).all()
    return {
        report_id: ReportStatus(withdrawal, signature, proposal)
        for report_id, withdrawal, signature, proposal in found
    }


async def signing(session: AsyncSession, report_id: UUID, year: int) -> Signing:
    """Who made the report, what became of it, and the next number of the year."""
    found = await session.execute(SIGNING, {"report_id": report_id, "year": year})
    return Signing(**found.mappings().one())


def add_step(session: DecidingSession, step: ReportStep) -> None:
    """What is done about a report has the place after all that was seen; where another had it
    meanwhile, all is decided anew."""
    session.statement.refusing("pk_report_step", Overtaken)
    session.add(step)


def add_signature(
    session: DecidingSession, signature: ReportSignature, refusal: Callable[[], Exception]
) -> None:
    """A report is signed once; where another one got its number meanwhile, all is decided anew."""
    session.statement.refusing("pk_report_signature", refusal)
    session.statement.refusing("uq_report_signature_year_serial", Overtaken)
    session.add(signature)


def add_withdrawal(
    session: DecidingSession, withdrawal: ReportWithdrawal, refusal: Callable[[], Exception]
) -> None:
    """A report is withdrawn once; `refusal` is what a second withdrawal is answered."""
    session.statement.refusing("pk_report_withdrawal", refusal)
    session.add(withdrawal)
