"""What every service reads from its environment; a service subclasses to add its own."""

import os
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SOURCE_SETTING = "ONEDOOR_EVENT_SOURCE"
LOCAL_SOURCE = "urn:onedoor:local"


def _everywhere(name: str, field: str) -> AliasChoices:
    """A setting that all services share, under one name; `field` keeps it usable as a keyword."""
    return AliasChoices(name, field)


class EventSettings(BaseSettings):
    """What commands that publish read as services do."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        # A setting that is missing or wrong is named; what any of them holds is never shown.
        hide_input_in_errors=True,
    )

    event_source: str = Field(
        LOCAL_SOURCE,
        validation_alias=_everywhere(SOURCE_SETTING, "event_source"),
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s?#]+$",
        description="Whose events these are, an absolute URI; the service's name is added.",
    )


@lru_cache(maxsize=8)
def _event_source(_: str | None) -> str:
    return EventSettings().event_source


def event_source() -> str:
    """The absolute URI that begins the `source` of every event, as the services' settings say."""
    return _event_source(os.environ.get(SOURCE_SETTING))


class Settings(EventSettings):
    """Settings of one service: `<SERVICE>_…` for its own, `ONEDOOR_…` for those that all share."""

    env: Literal["local", "test", "production"] = Field(
        "local", validation_alias=_everywhere("ONEDOOR_ENV", "env")
    )
    database_url: str = Field(description="postgresql://… of this service's own database.")
    owner_database_url: str | None = Field(None, description="The same as owner: migrations only.")
    nats_url: str = Field("nats://127.0.0.1:4222", description="With user and password of its own.")
    jwks_url: str = Field(
        "http://127.0.0.1:8000/.well-known/jwks.json",
        validation_alias=_everywhere("ONEDOOR_JWKS_URL", "jwks_url"),
        description="Public keys of the gateway: an http(s) address or file:///path.",
    )
    issuer: str = Field("onedoor", validation_alias=_everywhere("ONEDOOR_ISSUER", "issuer"))
    audience: str = Field("onedoor", validation_alias=_everywhere("ONEDOOR_AUDIENCE", "audience"))
    column_keys: str = Field(
        validation_alias=_everywhere("ONEDOOR_COLUMN_KEYS", "column_keys"),
        description="`id:base64 of 32 bytes`, comma separated; the first one encrypts.",
    )
    index_key: str = Field(
        validation_alias=_everywhere("ONEDOOR_INDEX_KEY", "index_key"),
        description="base64 of 32 bytes: keys the blind indexes. A newer key is appended as"
        " `,id:base64`; no key is ever removed.",
    )
    metrics_from: str = Field(
        "127.0.0.0/8,::1/128",
        validation_alias=_everywhere("ONEDOOR_METRICS_FROM", "metrics_from"),
        description="Networks that may read /metrics, comma separated.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        validation_alias=_everywhere("ONEDOOR_METRICS_TOKEN", "metrics_token"),
        description="What they must send besides, as a bearer token: behind a proxy that does not"
        " say that it is one, everybody comes from its network.",
    )
    pool_size: int = Field(6, ge=1, le=32, description="Connections for ordinary transactions.")
    direct_pool_size: int = Field(4, ge=1, le=32, description="Connections for hot statements.")
    statement_cache_size: int = Field(
        200,
        ge=0,
        description="Statements kept in a connection. 0 behind PgBouncer in transaction mode: no"
        " limit is set by the connection either; the role's hold, as migrations' step gives them.",
    )
    in_flight_limit: int = Field(
        30, ge=1, description="Requests at work, about three a connection; above it they queue."
    )
    in_flight_wait_seconds: float = Field(
        0.5, ge=0, description="How long a request may queue; then 503. Well below the deadlines."
    )
    body_limit_bytes: int = Field(1_000_000, ge=1)
    outbox_poll_seconds: float = Field(2.0, gt=0, description="Finds what a crash left behind.")
    outbox_kept_days: int = Field(35, ge=1, description="At least the age of the streams.")
    stream_max_bytes: int = Field(
        8 * 1024**3,
        ge=1,
        validation_alias=_everywhere("ONEDOOR_STREAM_MAX_BYTES", "stream_max_bytes"),
        description="Of the service's own stream: about 50,000 cases a working day for 30 days.",
    )
    stream_replicas: int = Field(
        1, ge=1, validation_alias=_everywhere("ONEDOOR_STREAM_REPLICAS", "stream_replicas")
    )
    background: bool = Field(True, description="Run relay, consumers and jobs in this process.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of the service behind its port. Each has pools of its own; what"
        " counts callers (rates, live streams) is divided among them.",
    )
    worker: int = Field(
        0,
        ge=0,
        validation_alias=_everywhere("ONEDOOR_WORKER", "worker"),
        description="Which of them this is, set by the process that forks them; 0 runs the jobs.",
    )
    workers_dir: Path | None = Field(
        None,
        validation_alias=_everywhere("ONEDOOR_WORKERS_DIR", "workers_dir"),
        description="Where they ask one another; set by the same process.",
    )
    standard_stack: bool = Field(
        False,
        validation_alias=_everywhere("ONEDOOR_STANDARD_STACK", "standard_stack"),
        description="Answer every request by FastAPI's own stack: slower, and the same.",
    )
    otlp_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices(
            "ONEDOOR_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"
        ),
        description="Where traces go, OTLP over HTTP: http://collector:4318. None: nowhere.",
    )

    @property
    def is_pooled_outside(self) -> bool:
        """Whether a connection is a server's for one transaction only (PgBouncer's)."""
        return self.statement_cache_size == 0

    def share(self, whole: int) -> int:
        """What one worker may of a limit that all of them have together."""
        return -(-whole // self.workers)

    @field_validator("database_url", "owner_database_url", "nats_url", "jwks_url")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        """Found out here, because the libraries that read it later repeat what they cannot read."""
        if url is not None and not _can_be_read(url):
            raise ValueError("not an address: scheme://user:password@host:port/name")
        return url

    @field_validator("metrics_from")
    @classmethod
    def _names_networks(cls, listed: str) -> str:
        """Read when it is asked for; here only whether it can be."""
        networks(listed)
        return listed


def _can_be_read(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.scheme) and parts.port != 0
    except ValueError:
        return False


def networks(listed: str) -> list[IPv4Network | IPv6Network]:
    """The networks of a comma separated list. Raises ValueError, which repeats none of them."""
    try:
        return [ip_network(each.strip()) for each in listed.split(",") if each.strip()]
    except ValueError:
        raise ValueError("not a list of networks such as 10.20.0.0/16,::1/128") from None
