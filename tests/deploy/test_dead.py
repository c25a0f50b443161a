from uuid import uuid4

import pytest
from nats.js import JetStreamContext

from deploy import dead

SUBJECT = "appointments.dead.tested.v1.H001"


async def bury(js: JetStreamContext, event_id: str) -> int:
    """A dead letter as `shared.messaging.bus` writes it; its number."""
    headers = {
        "Dead-Reason": "does not parse",
        "Dead-Subscription": "feedback-invite",
        "Dead-Subject": SUBJECT,
        "Dead-Event-Id": event_id,
        "Nats-Msg-Id": f"dead-feedback-invite-{event_id}",
    }
    return (await js.publish(f"dead.{SUBJECT}", b'{"id": 1}', headers=headers)).seq


async def test_without_a_failure_there_is_no_letter(js: JetStreamContext) -> None:
    assert [found async for found in dead.letters(js)] == []


async def test_letters_tell_what_failed_and_why(js: JetStreamContext) -> None:
    seq = await bury(js, "e1")
    [(letter, is_replayed)] = [found async for found in dead.letters(js)]
    assert (letter.seq, letter.subject, is_replayed) == (seq, SUBJECT, False)
    assert (letter.subscription, letter.reason) == ("feedback-invite", "does not parse")


async def test_a_replay_returns_to_where_it_came_from(js: JetStreamContext) -> None:
    event_id = str(uuid4())
    await js.publish(SUBJECT, b'{"id": 1}', headers={"Nats-Msg-Id": event_id})
    await dead.replay(js, await bury(js, event_id))
    state = (await js.stream_info("APPOINTMENTS")).state
    assert state.messages == 2  # the server did not take it for a repeat
    replayed = await js.get_msg("APPOINTMENTS", state.last_seq)
    assert (replayed.subject, replayed.data) == (SUBJECT, b'{"id": 1}')


async def test_a_replayed_letter_is_kept_and_marked(js: JetStreamContext) -> None:
    first, second = await bury(js, "e1"), await bury(js, "e2")
    await dead.replay(js, first)
    found = {letter.seq: is_replayed async for letter, is_replayed in dead.letters(js)}
    assert found == {first: True, second: False}


async def test_there_is_no_letter_of_an_unknown_number(js: JetStreamContext) -> None:
    with pytest.raises(dead.NoSuchLetter):
        await dead.replay(js, 99)


async def test_the_note_of_a_replay_is_no_letter(js: JetStreamContext) -> None:
    seq = await bury(js, "e1")
    await dead.replay(js, seq)
    with pytest.raises(dead.NoSuchLetter):
        await dead.letter(js, seq + 1)
