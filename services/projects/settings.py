from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class ProjectsSettings(Settings):
    """Settings of the projects service, read from `PROJECTS_...`."""

    model_config = SettingsConfigDict(env_prefix="PROJECTS_")

    demo_portal_url: str | None = Field(
        None, description="Where the demo portal answers; None: no demo portal is collected."
    )
    evidence_dir: Path = Field(
        Path(".data/evidence"), description="Where the raw bytes of captured pages are kept."
    )
