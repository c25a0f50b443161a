"""Domain events and their wire form: CloudEvents 1.0.2 in structured JSON mode."""

from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field, field_validator

from shared.ids import new_id
from shared.settings import event_source

CONTENT_TYPE = "application/cloudevents+json"
SCHEMAS = "urn:onedoor:event:"


class Event(BaseModel):
    """Something that happened. A subclass sets `type`; its docstring is the public description."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    """`<service>.<thing>.<past participle>.v<n>`; the NATS subject is this, a dot, and a scope."""

    @field_validator("*", mode="after")
    @classmethod
    def _in_utc(cls, value: Any) -> Any:
        """Moments have one form: `2026-11-23T01:30:00Z`."""
        return value.astimezone(UTC) if isinstance(value, datetime) else value


class UnitEvent(Event):
    """Of what a responsible unit has to do; the unit is a department, and named as everywhere."""

    unit_code: str = Field(
        description="与 department_code 相同 | The same as `department_code`.",
        json_schema_extra={"deprecated": True},
    )

    @computed_field
    def department_code(self) -> str:
        return self.unit_code


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
    dataschema: str | None = None
    subject: str | None = None
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None
    data: E


def source_of(event: type[Event] | Event) -> str:
    """Who publishes, absolutely: two cities' events stay apart wherever they come together."""
    return source_for(service_of(event))


def source_for(service: str) -> str:
    """The source of a service's events: a segment more, in the way of the URI's own scheme.

    `https://a.example` becomes `https://a.example/appointments`, for what follows a colon there is
    a port; `urn:onedoor:a` becomes `urn:onedoor:a:appointments` (RFC 3986 3.2, RFC 8141).
    """
    city = event_source()
    hierarchical = city.partition(":")[2].startswith("/")
    return f"{city.rstrip('/')}/{service}" if hierarchical else f"{city}:{service}"


def schema_of(event: type[Event] | Event) -> str:
    """Names the schema of the data, which `/asyncapi.json` describes under the event's type."""
    return f"{SCHEMAS}{event.type}"


def attributes(
    event: type[Event] | Event,
    event_id: UUID,
    moment: datetime,
    *,
    subject: str | None = None,
    traceparent: str | None = None,
) -> dict[str, str]:
    """The envelope without its data, as it is written; what has no value is left out."""
    written = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": source_of(event),
        "type": event.type,
        "dataschema": schema_of(event),
        "subject": subject,
        "time": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "traceparent": traceparent,
    }
    return {name: value for name, value in written.items() if value is not None}


def service_of(event: type[Event] | Event) -> str:
    """The service that publishes the event: the first word of its type."""
    return event.type.partition(".")[0]


def stream_of(event: type[Event] | Event) -> str:
    """The JetStream stream that carries the event."""
    return service_of(event).upper()


def envelope_of(event: type[Event]) -> Any:
    """`Envelope[event]`, for an event class known only at run time."""
    return Envelope[event]  # type: ignore[valid-type]
