import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.settings import Settings

PushKeys = tuple[tuple[str, Annotated[SecretStr, Field(min_length=32)]], ...]


class ProjectsSettings(Settings):
    """Settings of the projects service, read from `PROJECTS_...`."""

    model_config = SettingsConfigDict(env_prefix="PROJECTS_")

    demo_portal_url: str | None = Field(
        None, description="Where the demo portal answers; None: no demo portal is collected."
    )
    city: str = Field("", max_length=40, description="报表抬头的城市 | The city of the reports.")
    city_en: str = Field("", max_length=40, description="Its name in English.")
    evidence_dir: Path = Field(
        Path(".data/evidence"), description="Where the raw bytes of captured pages are kept."
    )
    evidence_store: str = Field(
        "",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?)?$",
        description="`s3://bucket/prefix`: they are kept there instead, in an S3-compatible store.",
    )
    evidence_endpoint: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="Where it answers, such as https://oss.example.cn; empty: Amazon's own.",
    )
    evidence_region: str = Field(
        "us-east-1", description="The region that requests are signed for."
    )
    evidence_access_key: SecretStr = Field(SecretStr(""), description="The store's access key.")
    evidence_secret_key: SecretStr = Field(SecretStr(""), description="And its secret.")
    renderer_url: str = Field(
        "",
        pattern=r"^(https?://\S*\{url\}\S*)?$",
        description="A rendering service for pages that scripts fill, with {url} for the page's"
        " address, such as http://renderer:3000/render/{url}; empty: none. It must not reach the"
        " own network.",
    )
    evidence_former: str = Field(
        "",
        pattern=r"^((s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|/)(/?[^/\x00-\x20]+)*/?)?$",
        description="`s3://bucket/prefix` or a folder: where they were kept before they are moved"
        " (`python -m services.projects.copy_evidence`); what is not yet here is read there.",
    )
    evidence_former_endpoint: str = Field(
        "", pattern=r"^(https?://.+)?$", description="Its own; empty: as of the present store."
    )
    evidence_former_region: str = Field("", description="Likewise.")
    evidence_former_access_key: SecretStr = Field(SecretStr(""), description="Likewise.")
    evidence_former_secret_key: SecretStr = Field(SecretStr(""), description="And its secret.")
    public_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^\s/?#]+$",
        description="Where everybody reaches the gateway: addresses in open data begin with it.",
    )
    oc4ids_prefix: str = Field(
        "oc4ids-000000",
        pattern=r"^oc4ids-[a-z0-9]{6}$",
        description="The city's registered prefix of OC4IDS project ids; it never changes.",
    )
    push_keys: Annotated[PushKeys, NoDecode] = Field(
        (),
        description="By which systems sign what they push (docs: RFC 9421), as a JSON object: the"
        " secret by the account, or by the account, a slash and a word while a key is changed.",
    )
    open_licence: str | None = Field(
        None,
        pattern=r"^(https?://\S+)?$",
        description="The address of the licence of the open data. None: nothing is said of one.",
    )

    @field_validator("push_keys", mode="before")
    @classmethod
    def _as_pairs(cls, given: Any) -> Any:
        """Of an object, or of an empty text, as a compose file passes on what nobody has set."""
        found = json.loads(given or "{}") if isinstance(given, str) else given
        return tuple(found.items()) if isinstance(found, dict) else found
