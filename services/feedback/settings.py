from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class FeedbackSettings(Settings):
    """Settings of the feedback service, read from `FEEDBACK_...`."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_")

    region: str = Field("NC", pattern=r"^[A-Z]{2,6}$", description="First part of a letter number.")
    equal_letters_a_day: int = Field(
        5,
        ge=1,
        description="Anonymous letters of one text, or much like it, registered without a look.",
    )
    network_letters_an_hour: int = Field(
        30,
        ge=1,
        description="Anonymous letters of one network, likewise: of all workers together, which"
        " each have their share, for nothing is stored of where a letter came from.",
    )
    anonymous_letters_an_hour: int = Field(
        600, ge=1, description="Anonymous letters of all, likewise."
    )
