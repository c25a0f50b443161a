"""A hall's booking policy."""

from typing import Annotated

from services.appointments.directory.schemas import HallCode
from services.appointments.policies import service
from services.appointments.policies.schemas import BookingPolicyView, NewBookingPolicy
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Session, allow, public
from shared.web.routing import Router

router = Router(prefix="/policies")


@router.get(
    "/{hall}",
    operation_id="get_booking_policy",
    tags=["citizen"],
    summary="大厅现行预约规则 | A hall's booking policy in force",
)
async def get_booking_policy(
    hall: HallCode, session: Session, now: Now, _: Annotated[Caller | None, public()]
) -> BookingPolicyView:
    """保留时间、取消期限、签到时间和失约规则。没有专门规定的大厅适用系统默认值（版本 0）。

    ---

    How long a place is held, until when one may cancel, when to check in, and what a no-show
    means. A hall without a policy of its own follows the defaults (version 0).
    """
    return BookingPolicyView.model_validate(await service.of_hall(session, hall, now))


@router.put(
    "/{hall}",
    operation_id="put_booking_policy",
    tags=["hall"],
    summary="发布新版预约规则 | Lay down the next version of a booking policy",
    responses=problem_responses(StateConflict),
)
async def put_booking_policy(
    hall: HallCode,
    wanted: NewBookingPolicy,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "admin")],
) -> BookingPolicyView:
    """规则只增不改：每次发布产生新版本，已作出的决定仍按当时的版本。

    ---

    A policy is never changed: each call lays down the next version, and what was decided stays
    under the version of its time.
    """
    return BookingPolicyView.model_validate(
        await service.lay_down(session, hall, wanted, caller, now)
    )
