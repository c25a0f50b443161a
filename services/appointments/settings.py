"""Settings of the appointments service."""

from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class AppointmentsSettings(Settings):
    """Read from `APPOINTMENTS_…` and, for what all services share, `ONEDOOR_…`."""

    model_config = SettingsConfigDict(
        env_prefix="APPOINTMENTS_", env_file=".env", extra="ignore", frozen=True
    )
