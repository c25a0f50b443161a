"""The units and projects of the made-up city of the demo, read from `data/`."""

import csv
from dataclasses import dataclass
from pathlib import Path

from services.projects.catalogue import rules as catalogue
from services.projects.catalogue.schemas import ItemRow

DATA = Path(__file__).parent / "data"
DOWN = "D14"
"""The unit whose pages cannot be fetched: nothing may be held against it."""
LISTED_AS = {"D10": "feed", "D16": "sitemap", "D17": "json_api"}
"""How some units list what they publish; all others have pages with a list."""
ATTACHES = "D04"
"""The unit that puts what it has to publish into files beside some of its pages."""


@dataclass(frozen=True)
class DemoUnit:
    code: str
    name: str
    name_en: str
    aliases: tuple[str, ...]
    items: tuple[str, ...]
    charset: str
    is_down: bool


@dataclass(frozen=True)
class DemoProject:
    code: str
    name: str
    approval_kind: str
    phase: str
    lead_unit: str
    investment_10k_yuan: int
    list_year: int


def items() -> dict[str, ItemRow]:
    with (DATA / "disclosure_catalogue.csv").open(encoding="utf-8-sig", newline="") as lines:
        return {item.item_code: item for item in catalogue.read(lines)}


def units() -> tuple[DemoUnit, ...]:
    with (DATA / "demo_units.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            DemoUnit(
                code=row["code"],
                name=row["name"],
                name_en=row["name_en"],
                aliases=tuple(row["aliases"].split(";")),
                items=tuple(row["items"].split(";")),
                charset="gb18030" if row["code"] == "D06" else "utf-8",
                is_down=row["code"] == DOWN,
            )
            for row in csv.DictReader(lines)
        )


def projects() -> tuple[DemoProject, ...]:
    with (DATA / "demo_projects.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            DemoProject(
                code=row["code"],
                name=row["name"],
                approval_kind=row["approval_kind"],
                phase=row["phase"],
                lead_unit=row["lead_unit"],
                investment_10k_yuan=int(row["investment_10k_yuan"]),
                list_year=int(row["list_year"]),
            )
            for row in csv.DictReader(lines)
        )
