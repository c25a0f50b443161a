"""Events as other services send them, over JetStream, and what this service answers with."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import nats
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from deploy.local.nats import NatsServer
from shared.messaging.events import CONTENT_TYPE

_BRIEF = ConsumerConfig(
    deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, inactive_threshold=5
)


class EventClient:
    """A connection of every service, to send in its name, and of the operator, to listen."""

    def __init__(self, bus: NatsServer) -> None:
        self._bus = bus
        self._clients: dict[str, Client] = {}

    async def send(
        self,
        type_: str,
        scope: str,
        data: dict[str, Any],
        *,
        time: datetime | None = None,
        event_id: UUID | None = None,
        message_id: str | None = None,
    ) -> UUID:
        """The event's id, once the stream has it; another `message_id` defeats its memory."""
        event_id = event_id or uuid4()
        envelope = {
            "specversion": "1.0",
            "id": str(event_id),
            "source": f"/{type_.partition('.')[0]}",
            "type": type_,
            "time": (time or datetime.now(UTC)).isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
        js = (await self._client(type_.partition(".")[0])).jetstream()
        headers = {"Nats-Msg-Id": message_id or str(event_id), "Content-Type": CONTENT_TYPE}
        await js.publish(f"{type_}.{scope}", json.dumps(envelope).encode(), headers=headers)
        return event_id

    async def published(self, type_: str, scope: str) -> list[dict[str, Any]]:
        """All that the service has published of one type in one scope so far: the envelopes."""
        js = (await self._client("deploy")).jetstream()
        subject = f"{type_}.{scope}"
        stream = type_.partition(".")[0].upper()
        listening = await js.pull_subscribe(subject, stream=stream, config=_BRIEF)
        pending = (await listening.consumer_info()).num_pending or 0
        found: list[dict[str, Any]] = []
        while len(found) < pending:
            found += [json.loads(m.data) for m in await listening.fetch(pending, timeout=2)]
        await listening.unsubscribe()
        return found

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def _client(self, user: str) -> Client:
        if user not in self._clients:
            prefix = f"_INBOX_{user}"
            self._clients[user] = await nats.connect(self._bus.url(user), inbox_prefix=prefix)
        return self._clients[user]
