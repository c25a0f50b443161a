"""The NATS server's configuration: durable JetStream, and one user a service with its own rights.

`python -m deploy.nats render [FILE]` writes FILE, or deploy/nats.conf, from what the services
subscribe to. The server reads passwords from its environment: NATS_<USER>_PASSWORD, with double
quotes around the value, since it parses them like the rest of the file.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.services import SERVICES, all_subscriptions, subscriptions

if TYPE_CHECKING:
    from shared.messaging.bus import Subscription
    from shared.messaging.events import Event

CONF = Path(__file__).with_name("nats.conf")
ADMIN = "deploy"
USERS = (ADMIN, *SERVICES)
WATCHER = "gateway"
"""The service that shows live streams, and so makes and ends consumers of its own."""
STREAMS = tuple(service.upper() for service in SERVICES)

_HEAD = """\
# 由 `make nats-conf` 生成，请勿手改。 Written by `make nats-conf` from the services' subscriptions.
server_name: onedoor
http: $NATS_MONITOR
max_payload: 512KB
max_connections: 1000
write_deadline: "5s"
jetstream {
  store_dir: $NATS_STORE
  # The default flushes every two minutes: a power cut would lose what a publisher was promised.
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: $NATS_MAX_FILE_STORE
}
system_account: SYS
accounts {
  SYS { users: [] }
  ONEDOOR {
    jetstream: enabled
    users: [
"""
_TAIL = """\
    ]
  }
}
"""


def render(*, sync_interval: str = "always") -> str:
    """The text of nats.conf, right for what the services subscribe to now."""
    users = [f"      {{ user: {ADMIN}, password: $NATS_{ADMIN.upper()}_PASSWORD }}\n"]
    users += [_user(service) for service in SERVICES]
    head = _HEAD.replace("sync_interval: always", f"sync_interval: {sync_interval}")
    return head + "".join(users) + _TAIL


def write_private(path: Path, text: str) -> None:
    """For the server's own user: it holds no password, but who may do what, and where."""
    path.unlink(missing_ok=True)  # a file that is there would keep its rights
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def environment(passwords: dict[str, str], *, store: Path, monitor: str) -> dict[str, str]:
    """What the server needs in its environment: a password for each of `USERS`, and its places."""
    return {
        **{f"NATS_{user.upper()}_PASSWORD": f'"{passwords[user]}"' for user in USERS},
        "NATS_STORE": f'"{store}"',
        "NATS_MONITOR": f'"{monitor}"',
        "NATS_MAX_FILE_STORE": os.environ.get("NATS_MAX_FILE_STORE", "40GB"),
    }


def may_publish(service: str) -> list[str]:
    """Its own events, an eye on its own stream, and what reading its own consumers takes.

    A stream or consumer of its own that is gone it may make again, as it was: of a consumer the
    filter is part of the subject. That filter is every scope of an event: of letters the scope `_`
    alone would give accusations away, as the gaps in a day's numbers.
    """
    own = service.upper()
    subjects = [f"{service}.>", f"$JS.API.STREAM.INFO.{own}", f"$JS.API.STREAM.CREATE.{own}"]
    for subscription in subscriptions(service):
        subjects += _reading(subscription)
    if service == WATCHER:
        subjects += [subject for stream in STREAMS for subject in _watching(stream)]
        # How many letters lie there; and nobody else could make their stream again.
        subjects += ["$JS.API.STREAM.INFO.DEAD", "$JS.API.STREAM.CREATE.DEAD"]
    else:
        subjects += [subject for event in _watched_by_all() for subject in _watching_kind(event)]
    return subjects


def must_not_publish(service: str) -> list[str]:
    """Where it may make consumers: whatever would take messages from another's."""
    own = {subscription.name for subscription in subscriptions(service)}
    streams = STREAMS if service == WATCHER else {_stream_of(event) for event in _watched_by_all()}
    others = [s for s in all_subscriptions() if s.name not in own and s.stream in streams]
    return [subject for subscription in others for subject in _meddling(subscription)]


def _reading(subscription: "Subscription[Any]") -> list[str]:
    consumer = f"{subscription.stream}.{subscription.name}"
    return [
        f"$JS.API.CONSUMER.CREATE.{consumer}.{subscription.filter_subject}",
        f"$JS.API.CONSUMER.INFO.{consumer}",
        f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
        f"$JS.ACK.{consumer}.>",
        f"dead.{subscription.filter_subject}",
    ]


def _watching(stream: str) -> list[str]:
    """What showing a live stream takes: a consumer of one's own that leaves no trace."""
    return [
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}.>",
        f"$JS.API.CONSUMER.INFO.{stream}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
        f"$JS.API.CONSUMER.DELETE.{stream}.>",
        f"$JS.ACK.{stream}.>",
        f"$JS.FC.{stream}.>",
    ]


def _watching_kind(event: "type[Event]") -> list[str]:
    """The same for one kind of event: its filter is part of the subject that makes the consumer."""
    stream = _stream_of(event)
    return [
        f"$JS.API.CONSUMER.CREATE.{stream}.*.{event.type}.>",
        f"$JS.API.CONSUMER.INFO.{stream}.*",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
    ]


def _watched_by_all() -> "tuple[type[Event], ...]":
    """Events that each process of every service reads by itself."""
    from shared.web.refusals import SignInEnded

    return (SignInEnded,)


def _stream_of(event: "type[Event]") -> str:
    from shared.messaging.events import stream_of

    return stream_of(event)


def _meddling(subscription: "Subscription[Any]") -> list[str]:
    consumer = f"{subscription.stream}.{subscription.name}"
    return [
        f"$JS.API.CONSUMER.CREATE.{consumer}",
        f"$JS.API.CONSUMER.CREATE.{consumer}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
        f"$JS.API.CONSUMER.DELETE.{consumer}",
        f"$JS.ACK.{consumer}.>",
    ]


def _user(service: str) -> str:
    denied = must_not_publish(service)
    deny = f"\n          deny: {_list(denied)}" if denied else ""
    return f"""\
      {{
        user: {service}, password: $NATS_{service.upper()}_PASSWORD
        permissions {{
          publish {{
          allow: {_list(may_publish(service))}{deny}
          }}
          subscribe {{ allow: ["_INBOX_{service}.>"] }}
        }}
      }}
"""


def _list(subjects: list[str]) -> str:
    return "[\n" + "".join(f'            "{subject}"\n' for subject in subjects) + "          ]"


def main(arguments: list[str]) -> None:
    match arguments:
        case ["render", *file] if len(file) < 2:
            if file:
                write_private(Path(file[0]), render())
            else:
                CONF.write_text(render(), encoding="utf-8")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
