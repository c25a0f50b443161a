"""What a notice says, by which channels it goes, when, and how often it is tried."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from string import Formatter
from typing import Any

import pytest

from services.gateway.notices import rules
from services.gateway.notices.channels import carriers
from services.gateway.notices.models import NoticeChannel
from services.gateway.notices.rules import RETRY_AFTER, Wishes
from services.gateway.notices.templates import TEMPLATES
from services.gateway.settings import GatewaySettings
from tests import support

EVERY = frozenset(NoticeChannel)
SECRET = "a-secret-of-the-test-that-is-long-enough"
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
FACTS = {
    "hall_name": "东湖区政务大厅",
    "hall_name_en": "Donghu Hall",
    "address": "东湖路1号",
    "item_name": "企业征信查询",
    "starts_at": "2026-11-24T01:00:00+00:00",
    "due_on": "2026-12-03",
    "number": "A007",
    "window_no": "7",
    "reg_no": "20261124-0001",
    "expires_at": "2026-11-24T01:10:00+00:00",
    "materials": "照片",
    "missing": "2",
    "title": "送服务进村",
    "place": "新田村",
    "people": "2",
    "code": "40817263",
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_each_kind_says_the_same_facts_in_both_languages(kind: str) -> None:
    template = TEMPLATES[kind]
    named = [{name for _, name, _, _ in Formatter().parse(part) if name} for part in template.text]
    assert named[0] == named[1] <= FACTS.keys()
    for language in ("zh", "en"):
        said = rules.message(kind, FACTS, language)
        assert "{" not in said.title + said.text


async def test_who_lost_their_time_is_given_choices_that_the_api_has(joined: Any) -> None:
    known = {
        operation["operationId"]
        for path in joined["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    offered = TEMPLATES["appointment_orphaned"].choices
    assert offered
    for template in TEMPLATES.values():
        assert template.choices.keys() <= known


def test_moments_days_and_names_are_said_as_the_language_says_them() -> None:
    zh = rules.message("appointment_confirmed", FACTS, "zh").text
    en = rules.message("appointment_confirmed", FACTS, "en").text
    assert "11月24日 09:00，东湖区政务大厅" in zh
    assert "09:00 on 24 November, Donghu Hall" in en
    assert "2026年12月3日" in rules.message("letter_due_moved", FACTS, "zh").text
    assert "3 December 2026" in rules.message("letter_due_moved", FACTS, "en").text


def test_what_is_not_known_is_not_made_up() -> None:
    assert "见办理页面" in rules.message("ticket_called", {}, "zh").text


@pytest.mark.parametrize(
    ("wishes", "account", "phone", "expected"),
    [
        (Wishes(), True, "13800138000", [NoticeChannel.INBOX, NoticeChannel.SMS]),
        (Wishes(), True, None, [NoticeChannel.INBOX]),
        (Wishes(), False, "13800138000", [NoticeChannel.SMS]),
        (Wishes(), False, None, []),
        (Wishes(by_sms=False), True, "13800138000", [NoticeChannel.INBOX]),
        (
            Wishes(email="a@b.cn", by_email=True),
            True,
            None,
            [NoticeChannel.INBOX, NoticeChannel.EMAIL],
        ),
        (Wishes(email="a@b.cn"), True, None, [NoticeChannel.INBOX]),
        (Wishes(muted=frozenset({"ticket_called"})), True, "13800138000", [NoticeChannel.INBOX]),
    ],
)
def test_the_channels_are_those_that_somebody_wants_and_has(
    wishes: Wishes, account: bool, phone: str | None, expected: list[NoticeChannel]
) -> None:
    found = rules.channels(
        "ticket_called", wishes, has_account=account, phone=phone, available=EVERY
    )
    assert found == expected


def test_what_goes_by_one_channel_goes_by_no_other_whatever_somebody_wishes() -> None:
    """A code to confirm an address by is of no use where it does not come to the address."""
    muted = Wishes(muted=frozenset({"email_confirmation"}))
    asked = partial(rules.channels, "email_confirmation", has_account=True, phone="13800138000")
    found = asked(muted, available=EVERY)
    assert found == [NoticeChannel.EMAIL]
    without = EVERY - {NoticeChannel.EMAIL}
    assert asked(Wishes(), available=without) == []


def test_who_is_called_comes_before_who_is_reminded() -> None:
    urgent = {kind for kind in TEMPLATES if rules.priority(kind) == 0}
    assert urgent >= {"ticket_soon", "ticket_called", "ticket_missed", "waitlist_offer"}
    assert not urgent & {"appointment_reminder_day", "deferral_reminder", "followup_invited"}


def test_a_channel_that_the_deployment_has_not_is_not_taken() -> None:
    only_inbox = frozenset({NoticeChannel.INBOX})
    found = rules.channels(
        "ticket_called", Wishes(), has_account=False, phone="138", available=only_inbox
    )
    assert found == []


@pytest.mark.parametrize(
    ("hour", "quiet", "waits_until"),
    [
        (12, (time(21), time(8)), None),
        (21, (time(21), time(8)), (1, 8)),
        (23, (time(21), time(8)), (1, 8)),
        (3, (time(21), time(8)), (0, 8)),
        (8, (time(21), time(8)), None),
        (13, (time(12), time(14)), (0, 14)),
        (23, (time(9), time(9)), None),
    ],
)
def test_quiet_hours_end_before_anything_goes_out(
    hour: int, quiet: tuple[time, time], waits_until: tuple[int, int] | None
) -> None:
    now = NOON + timedelta(hours=hour - 12)
    found = rules.goes_at("appointment_confirmed", Wishes(quiet=quiet), now)
    if waits_until is None:
        assert found == now
    else:
        days, until = waits_until
        assert found == NOON + timedelta(days=days, hours=until - 12)
    assert rules.goes_at("ticket_called", Wishes(quiet=quiet), now) == now, "a call cannot wait"


def test_each_failure_waits_longer_until_it_is_given_up() -> None:
    waits = [rules.tried_again_at(n, NOON) for n in range(1, len(RETRY_AFTER) + 2)]
    assert waits == [*(NOON + each for each in RETRY_AFTER), None]
    assert sorted(RETRY_AFTER) == list(RETRY_AFTER)


def test_what_nobody_set_is_no_way_out() -> None:
    """As a compose file passes it on."""
    named = ("smtp_host", "smtp_user", "smtp_password", "sms_webhook_url", "sms_webhook_secret")
    unset: dict[str, Any] = dict.fromkeys(named, "")
    settings = GatewaySettings(
        env="test",
        database_url="postgresql://nobody@127.0.0.1:9/none",
        column_keys=support.COLUMN_KEYS,
        index_key=support.INDEX_KEY,
        **unset,
    )
    assert carriers(settings) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sms_webhook_url": "http://sms.city.example/send", "sms_webhook_secret": SECRET},
        {"sms_webhook_url": "https://sms.city.example/send"},
        {"smtp_host": "mail.city.example", "smtp_tls": "none"},
    ],
)
def test_what_names_people_leaves_the_machine_encrypted_and_signed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="GATEWAY_S"):
        GatewaySettings(
            database_url="postgresql://nobody@127.0.0.1:9/none",
            column_keys=support.COLUMN_KEYS,
            index_key=support.INDEX_KEY,
            **wrong,
        )
