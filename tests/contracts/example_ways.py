"""What has to happen before an example can be sent: the shortest way through the workflows."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from services.appointments.alarms import workflow as alarms
from services.appointments.alarms.models import AlarmState
from services.appointments.booking import workflow as booking
from services.appointments.booking.models import AppointmentState
from services.appointments.consultations import workflow as consultations
from services.appointments.consultations.models import ConsultationState
from services.appointments.examples import ALARMS
from services.appointments.examples_figures import REPORTS
from services.appointments.examples_five_ways import CONSULTATIONS, GATHERINGS, VISITS
from services.appointments.outreach import workflow as outreach
from services.appointments.outreach.models import GatheringState, OutreachVisitState
from services.appointments.queueing import workflow as queueing
from services.appointments.queueing.models import TicketState
from services.appointments.second_visits import workflow as second_visits
from services.appointments.second_visits.models import ReportState
from services.feedback.casework import workflow as casework
from services.feedback.examples import ORDERS, RATINGS, SAME
from services.feedback.letters.models import LetterState
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import RatingState
from services.feedback.supervision import workflow as supervision
from services.feedback.supervision.models import OrderState
from services.projects.examples import RECTIFYING, RELEASES
from services.projects.publishing import workflow as publishing
from services.projects.publishing.models import RegisteredReleaseState
from services.projects.rectification import workflow as rectification
from services.projects.rectification.models import RectificationState
from shared.workflow import Workflow

CALLED = ("issue_ticket", "open_window", "call_ticket")


class Flow(NamedTuple):
    """A workflow, what brings a new thing into its first state, and which operation acts."""

    workflow: Workflow[Any]
    start: StrEnum
    made_by: Sequence[str]
    operations: Mapping[str, str]

    def way_to(self, operation: str) -> list[str] | None:
        """The operations that lead to where `operation` may be sent, None if it is not of here."""
        actions = {name: action for action, name in self.operations.items()}
        if operation not in actions:
            return None
        goals = {row.state for row in self.workflow.of(actions[operation])}
        seen, ways = {self.start}, deque([(self.start, list(self.made_by))])
        while ways:
            state, way = ways.popleft()
            if state in goals:
                return way
            for row in self.workflow.rows:
                name = self.operations.get(row.action)
                if row.state is state and row.to is not None and name and row.to not in seen:
                    seen.add(row.to)
                    ways.append((row.to, [*way, name]))
        raise LookupError(operation)


def _named(workflow: Workflow[Any], name: Callable[[str], str]) -> dict[str, str]:
    return {action: name(action) for action in workflow.actions}


TICKETS = _named(queueing.WORKFLOW, lambda action: f"{action}_ticket")
FLOWS = (
    Flow(
        casework.WORKFLOW,
        LetterState.RECEIVED,
        ("write_letter",),
        {action: f"letter_{action}" for action in casework.STAFF_ACTIONS},
    ),
    Flow(queueing.WORKFLOW, TicketState.WAITING, ("issue_ticket", "open_window"), TICKETS),
    Flow(
        booking.WORKFLOW,
        AppointmentState.HELD,
        ("hold_appointment",),
        {
            "confirm": "confirm_appointment",
            "move": "reschedule_appointment",
            "check_in": "check_in_appointment",
            "cancel": "cancel_appointment",
        },
    ),
    Flow(
        consultations.WORKFLOW,
        ConsultationState.OPEN,
        ("open_consultation",),
        {action: operation for operation, action in CONSULTATIONS.items()},
    ),
    Flow(
        outreach.VISITS,
        OutreachVisitState.REQUESTED,
        ("request_visit",),
        {action: operation for operation, action in VISITS.items()},
    ),
    Flow(
        outreach.GATHERINGS,
        GatheringState.ANNOUNCED,
        ("announce_outreach",),
        {action: operation for operation, action in GATHERINGS.items()},
    ),
    Flow(
        alarms.WORKFLOW,
        AlarmState.RAISED,
        ("raise_alarm",),
        {action: operation for operation, action in ALARMS.items()},
    ),
    Flow(
        second_visits.WORKFLOW,
        ReportState.DRAFT,
        ("make_second_visit_report",),
        {action: operation for operation, action in REPORTS.items()},
    ),
    Flow(
        ratings.WORKFLOW,
        RatingState.RATED_BAD,
        (*CALLED, "serve_ticket", "finish_ticket", "give_rating"),
        {action: operation for operation, action in RATINGS.items()},
    ),
    Flow(
        rectification.WORKFLOW,
        RectificationState.ISSUED,
        ("order_rectification",),
        dict(RECTIFYING),
    ),
    Flow(
        supervision.WORKFLOW,
        OrderState.ISSUED,
        ("issue_supervision_order",),
        {action: operation for operation, action in ORDERS.items()},
    ),
    Flow(
        publishing.WORKFLOW,
        RegisteredReleaseState.DRAFT,
        ("draft_release",),
        {action: operation for operation, action in RELEASES.items() if action != "verify"},
    ),
)
SERVED = (*CALLED, "serve_ticket", "finish_ticket")
BEFORE: Mapping[str, Sequence[str]] = {
    "letter_approve_extension": ("letter_request_extension",),
    "letter_refuse_extension": ("letter_request_extension",),
    "letter_grant_appeal": ("appeal_my_letter",),
    "letter_reject_appeal": ("appeal_my_letter",),
    "letter_grant_reopen": ("reopen_my_letter",),
    "letter_refuse_reopen": ("reopen_my_letter",),
    "decide_redaction_spans": ("open_redaction",),
    "decline_publication": ("open_redaction",),
    "call_ticket": ("issue_ticket", "open_window"),
    "pause_window": ("open_window",),
    "read_notice": ("hold_appointment", "confirm_appointment"),
    "undo_ticket": ("call_ticket", "serve_ticket"),
    "ask_to_rate": SERVED,
    "give_rating": SERVED,
    "amend_rating": (*SERVED, "give_rating"),
    "look_up_consultation": ("open_consultation",),
    "join_release": ("announce_release",),
    "withdraw_release": ("announce_release",),
    "get_release_entry": ("announce_release", "join_release"),
    "leave_release": ("announce_release", "join_release"),
    "register_for_outreach": ("announce_outreach",),
    "cancel_registration": ("announce_outreach", "register_for_outreach"),
    "attend_outreach": ("announce_outreach", "register_for_outreach"),
    "invite_followup": SERVED,
    "ask_for_followup": (*SERVED, "invite_followup"),
    "answer_followup": (*SERVED, "invite_followup"),
    "note_followup_call": (*SERVED, "invite_followup"),
    "move_area": ("put_area",),
    "put_windows": ("put_hall",),
    "put_devices": ("put_hall",),
    "enrol_device": ("invite_device",),
    "report_device": ("invite_device", "enrol_device"),
    "hand_out_numbers": ("invite_device", "enrol_device"),
    "merge_offline_tickets": ("invite_device", "enrol_device", "hand_out_numbers"),
    "decide_queue_policy": ("put_hall",),
    "put_booking_policy": ("put_hall",),
    "close_hall": ("put_hall",),
    "propose_schedule": ("put_hall", "put_item", "put_windows"),
    "apply_schedule": ("put_hall", "put_item", "put_windows"),
    "change_closure": ("put_hall", "close_hall"),
    "put_guide": ("put_item",),
    "promise_deferral": SERVED,
    "supply_deferral": (*SERVED, "promise_deferral"),
    "cancel_deferral": (*SERVED, "promise_deferral"),
    "add_pre_check_file": ("submit_pre_check",),
    "get_pre_check_file": ("submit_pre_check", "add_pre_check_file"),
    "remove_pre_check_file": ("submit_pre_check", "add_pre_check_file"),
    "answer_pre_check": ("submit_pre_check",),
    "resubmit_pre_check": ("submit_pre_check", "answer_pre_check"),
    "withdraw_pre_check": ("submit_pre_check",),
    "decide_dispute": ("dispute_duty",),
    "decide_exemption": ("exempt_duty",),
    "withdraw_exemption": ("exempt_duty",),
    "restore_duty": ("suspend_duty",),
    "refuse_rectification_proposal": ("close_rectification",),
    "withdraw_report": ("run_audit",),
    "sign_report": ("run_audit",),
    "grant_account": ("create_account",),
    "set_password_by_link": ("create_account",),
    "change_password": ("create_account", "set_password_by_link"),
    "approve_account": ("create_account", "set_password_by_link", "grant_account"),
    "reset_password": ("create_account",),
    "identify_account": ("create_account",),
    "approve_account_identity": ("create_account", "identify_account"),
    "disable_account": ("create_account",),
    "enable_account": ("create_account", "disable_account"),
}
"""What is no step of a workflow, or a step that its table leaves to the sender."""


def way_to(operation: str) -> list[str]:
    """The operations to send before `operation`, each with its own example."""
    of = next((name for name, other in SAME.items() if other == operation), operation)
    alone = of in ("letter_grant_appeal", "letter_reject_appeal")
    alone = alone or of in ("letter_grant_reopen", "letter_refuse_reopen")
    ways = (flow.way_to(of) for flow in FLOWS)
    way = [] if alone else next((found for found in ways if found is not None), [])
    return [*way, *BEFORE.get(of, ())]
