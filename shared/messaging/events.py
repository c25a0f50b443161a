"""Domain events and their wire form: CloudEvents 1.0.2 in structured JSON mode."""

from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import new_id

CONTENT_TYPE = "application/cloudevents+json"


class Event(BaseModel):
    """Something that happened. A subclass sets `type`; its docstring is the public description."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    """`<service>.<thing>.<past participle>.v<n>`; the NATS subject is this, a dot, and a scope."""


E = TypeVar("E", bound=Event)


class Envelope(BaseModel, Generic[E]):
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes

    `traceparent` is the distributed tracing extension, so that a trace crosses the bus.
    """

    model_config = ConfigDict(frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID = Field(default_factory=new_id)
    source: str
    type: str
    subject: str | None = None
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None
    data: E


def service_of(event: type[Event] | Event) -> str:
    """The service that publishes the event: the first word of its type."""
    return event.type.partition(".")[0]


def stream_of(event: type[Event] | Event) -> str:
    """The JetStream stream that carries the event."""
    return service_of(event).upper()


def envelope_of(event: type[Event]) -> Any:
    """`Envelope[event]`, for an event class known only at run time."""
    return Envelope[event]  # type: ignore[valid-type]
