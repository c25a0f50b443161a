"""Dead letters: what a subscription could not handle, why, and a second chance for it.

    make dead                          lists them, oldest first
    make dead ARGS="show 3"            one letter whole
    make dead ARGS="replay 3"          sends it once more to its original subject

A letter is never removed: the stream denies it. A replay is noted as a message of its own, so that
the list tells what has been dealt with. Subscriptions that had handled the event are not disturbed:
their inbox knows it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from deploy import running, streams

STREAM = "DEAD"
NOTES = "dead.replayed"


@dataclass(frozen=True)
class Letter:
    """One dead letter, as the stream holds it."""

    seq: int
    subject: str
    subscription: str
    reason: str
    event_id: str
    at: str
    body: bytes


class NoSuchLetter(Exception):
    """There is no dead letter of that number."""


async def letters(js: JetStreamContext) -> AsyncIterator[tuple[Letter, bool]]:
    """Every dead letter, oldest first, and whether it has been replayed."""
    found, replayed = [], set()
    state = (await js.stream_info(STREAM)).state
    for seq in range(max(state.first_seq, 1), state.last_seq + 1):
        try:
            message = await js.get_msg(STREAM, seq)
        except NotFoundError:
            continue  # aged out meanwhile
        if _is_note(message):
            replayed.add(int(str(message.subject).rpartition(".")[2]))
        else:
            found.append(_letter(message))
    for letter in found:
        yield letter, letter.seq in replayed


async def letter(js: JetStreamContext, seq: int) -> Letter:
    """The dead letter of that number; raises NoSuchLetter."""
    try:
        message = await js.get_msg(STREAM, seq)
    except NotFoundError:
        raise NoSuchLetter(str(seq)) from None
    if _is_note(message):
        raise NoSuchLetter(str(seq))
    return _letter(message)


async def replay(js: JetStreamContext, seq: int) -> Letter:
    """Publishes the letter again where it came from, and notes it; returns it.

    Under an id of its own: under the event's, the server would drop it as a repeat.
    """
    dead = await letter(js, seq)
    repeat = f"{dead.event_id}.replay.{seq}"
    await js.publish(dead.subject, dead.body, headers={"Nats-Msg-Id": repeat})
    await js.publish(f"{NOTES}.{seq}", dead.subject.encode())
    return dead


def _is_note(message: RawStreamMsg) -> bool:
    return str(message.subject).startswith(f"{NOTES}.")


def _letter(message: RawStreamMsg) -> Letter:
    headers = message.headers or {}
    return Letter(
        seq=int(message.seq or 0),
        subject=headers.get("Dead-Subject") or str(message.subject).removeprefix("dead."),
        subscription=headers.get("Dead-Subscription", "?"),
        reason=headers.get("Dead-Reason", "?"),
        event_id=headers.get("Dead-Event-Id", ""),
        at=f"{message.time:%Y-%m-%d %H:%M:%S}" if message.time else "?",
        body=message.data or b"",
    )


async def _list(js: JetStreamContext) -> None:
    count = 0
    async for dead, is_replayed in letters(js):
        count += 1
        mark = "已重放 replayed" if is_replayed else "待处理 waiting "
        print(f"{dead.seq:>6}  {dead.at}  {mark}  {dead.subscription}  {dead.subject}")
        print(f"        {dead.reason}")
    if not count:
        print("没有死信。 No dead letters.")


async def _show(js: JetStreamContext, seq: int) -> None:
    dead = await letter(js, seq)
    for name in ("seq", "at", "subject", "subscription", "reason", "event_id"):
        print(f"{name:<13}{getattr(dead, name)}")
    try:
        print(json.dumps(json.loads(dead.body), indent=2, ensure_ascii=False))
    except ValueError:
        print(dead.body.decode(errors="backslashreplace"))


async def _command(arguments: list[str]) -> None:
    async with streams.connected(running.address("ONEDOOR_NATS_URL")) as js:
        match arguments:
            case [] | ["list"]:
                await _list(js)
            case ["show", seq] if seq.isdecimal():
                await _show(js, int(seq))
            case ["replay", seq] if seq.isdecimal():
                dead = await replay(js, int(seq))
                print(f"已重放 {seq} 到 {dead.subject}。 Replayed {seq} to {dead.subject}.")
            case _:
                sys.exit(__doc__)


def main(arguments: list[str]) -> None:
    try:
        asyncio.run(_command(arguments))
    except NoSuchLetter as missing:
        sys.exit(f"没有编号为 {missing} 的死信。 There is no dead letter {missing}.")


if __name__ == "__main__":
    main(sys.argv[1:])
