from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class FeedbackSettings(Settings):
    """Settings of the feedback service, read from `FEEDBACK_...`."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_")

    region: str = Field("NC", pattern=r"^[A-Z]{2,6}$", description="First part of a letter number.")
