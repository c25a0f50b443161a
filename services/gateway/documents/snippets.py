"""How to subscribe, in languages that people use; `{host}` is the NATS server's public address."""

from shared.errors import Text

PYTHON = """\
import asyncio, json
import nats

async def main():
    nc = await nats.connect("nats://{host}", user="your-system", password="...",
                            inbox_prefix=b"_INBOX_your-system", max_reconnect_attempts=-1)
    js = nc.jetstream()
    # 消费者由管理员按您的权限建好；断线后从上次确认处继续。
    # The administrator has made this consumer; it goes on where you last acknowledged.
    sub = await js.pull_subscribe_bind("your-system-calls", "APPOINTMENTS")
    while True:
        try:
            messages = await sub.fetch(50, timeout=30)
        except nats.errors.TimeoutError:
            continue
        for message in messages:
            event = json.loads(message.data)      # CloudEvents 1.0
            print(event["id"], event["data"]["number"], event["data"]["window_no"])
            await message.ack()                   # 至少一次：按 event["id"] 去重。 At least once.

asyncio.run(main())
"""
JAVASCRIPT = """\
import {{ connect }} from "@nats-io/transport-node";
import {{ jetstream }} from "@nats-io/jetstream";

const nc = await connect({{ servers: "nats://{host}", user: "your-system", pass: "...",
                           inboxPrefix: "_INBOX_your-system", maxReconnectAttempts: -1 }});
// 消费者由管理员建好。 The administrator has made this consumer.
const consumer = await jetstream(nc).consumers.get("APPOINTMENTS", "your-system-calls");
for await (const message of await consumer.consume()) {{
  const event = message.json();                   // CloudEvents 1.0
  console.log(event.id, event.data.number, event.data.window_no);
  message.ack();                                  // 至少一次：按 event.id 去重。 At least once.
}}
"""
_PROBLEM = """\
HTTP/1.1 409 Conflict
Content-Type: application/problem+json

{{
  "type": "/problems/slot-full",
  "title": "{title}",
  "status": 409,
  "detail": "{detail}",
  "request_id": "01993f6a-6c00-7abc-8def-0123456789ab",
  "alternatives": [...]
}}"""
PROBLEM = Text(
    _PROBLEM.format(title="这个时段已约满", detail="可改选下面所列的时段，或稍后再看有没有退出的"),
    _PROBLEM.format(
        title="The slot is full",
        detail="Choose one of the times listed, or look again later for a place given back",
    ),
)
