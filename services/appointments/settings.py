"""Settings of the appointments service."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class AppointmentsSettings(Settings):
    """Read from `APPOINTMENTS_…` and, for what all services share, `ONEDOOR_…`."""

    model_config = SettingsConfigDict(
        env_prefix="APPOINTMENTS_", env_file=".env", extra="ignore", frozen=True
    )

    channel_pools: bool = Field(
        False,
        description="Rules may give places to the pools of the telephone and of the hall's counter."
        " Only once every instance reads them, and any release that might have to come back.",
    )
