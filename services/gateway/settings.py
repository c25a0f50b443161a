from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.gateway.forwarding.headers import Proxies
from services.gateway.origins import origins
from shared.settings import Settings

LOCAL_RATE_FACTOR = 50.0
_OWN = ("localhost", "127.0.0.1", "::1")


class GatewaySettings(Settings):
    """Settings of the gateway, read from `GATEWAY_...`."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    upstreams: dict[str, str] = Field(
        default_factory=dict, description='{"appointments": "http://127.0.0.1:8001", ...}'
    )
    upstream_in_flight: int = Field(256, ge=1, description="Requests at one service at a time.")
    keys_dir: Path = Field(Path(".data/keys"), description="Signing keys, one JWK file each, 0600.")
    demo_accounts_file: Path = Field(
        Path(".data/demo-accounts.json"), description="Where the demo accounts are listed, 0600."
    )
    documents_dir: Path | None = Field(
        None, description="Where the services' documents are kept over a restart; else nowhere."
    )
    proxies: list[str] = Field(
        default_factory=list, description="Networks of our own proxies in front of the gateway."
    )
    rate_factor: float | None = Field(
        None, gt=0, description="Multiplies every rate limit; 50 in a local system, else 1."
    )
    forward_directly: bool = Field(
        True, description="Forward readings by callbacks; else every request by a task of its own."
    )
    live_clients: int = Field(
        2_000, ge=1, description="Open live streams, a tenth kept for staff; above it 503."
    )
    live_clients_each: int = Field(
        100, ge=1, description="Of these, open by one account or network; above it 429."
    )
    cors_origins: str = Field(
        "",
        description="Origins whose pages may call the API, comma separated; `*` for all of them.",
    )
    public_nats_host: str = Field(
        "127.0.0.1:4222", description="The host that the event documents name to subscribers."
    )

    notices_file: Path = Field(
        Path(".data/notices.jsonl"), description="Where a local system writes messages to, 0600."
    )
    smtp_host: str | None = Field(None, description="The mail server; None: no notice by e-mail.")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` only within the machine: mail names people."
    )
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str = Field("onedoor@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    sms_webhook_url: str | None = Field(
        None, description="The city's gateway for SMS or mini-programs; None: no such notice."
    )
    sms_webhook_secret: SecretStr | None = Field(
        None, min_length=32, description="Signs what is sent there (docs: X-OneDoor-Signature)."
    )

    @field_validator(
        "smtp_host",
        "smtp_user",
        "smtp_password",
        "sms_webhook_url",
        "sms_webhook_secret",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, given: str | SecretStr | None) -> str | SecretStr | None:
        """As a compose file passes on what nobody has set."""
        return given or None

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        Proxies(networks)
        return networks

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, listed: str) -> str:
        origins(listed)
        return listed

    @property
    def rates_times(self) -> float:
        """What the usual rates are multiplied by."""
        if self.rate_factor is not None:
            return self.rate_factor
        return 1.0 if self.env == "production" else LOCAL_RATE_FACTOR

    @model_validator(mode="after")
    def _keeps_notices_private(self) -> Self:
        """What names people leaves the machine encrypted, and signed where it has to be."""
        if self.smtp_host not in (None, *_OWN) and self.smtp_tls == "none":
            raise ValueError("GATEWAY_SMTP_TLS: none is for a server on this machine only")
        if self.sms_webhook_url is not None:
            parts = urlsplit(self.sms_webhook_url)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _OWN):
                raise ValueError("GATEWAY_SMS_WEBHOOK_URL: https, or http on this machine")
            if self.sms_webhook_secret is None:
                raise ValueError("GATEWAY_SMS_WEBHOOK_SECRET is needed to sign what is sent")
        return self
