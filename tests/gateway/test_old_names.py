"""One thing has one name; what it was called before is given beside it, and marked so.

What a name says is in CONTRIBUTING.md: `hall_code` in a body or an answer, `hall` in a query.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.documents.joining import each_operation, schemas_of

pytestmark = pytest.mark.xdist_group("documents")

REPLACED = {
    "english_name": {"name_en"},
    "due_is_provisional": {"due_on_is_provisional"},
    "is_provisional": {"due_on_is_provisional"},
    "provisional": {"due_on_is_provisional"},
    "is_overdue": {"overdue"},
    "hall": {"hall_code"},
    "item": {"item_code"},
    "unit": {"unit_code"},
    "account": {"name"},
    "project": {"project_code"},
    "department": {"department_name"},
    "rule": {"rule_code"},
    "window": {"window_no", "window_id"},
    "duty": {"duty_id"},
    "portal": {"portal_id"},
    "report": {"report_id"},
    "run": {"run_id"},
    "from": {"from_on"},
    "to": {"to_on"},
    "rows": {"items"},
}
"""What things were named, and by what they are named now."""
REPLACED_IN_QUERIES = {
    "department_code": "department",
    "hall_code": "hall",
    "item_code": "item",
    "items": "item",
    "from_on": "from",
    "to_on": "to",
}
OTHERS = {
    ("ClosureIn", "window"): "a window by its number or its id, whichever is at hand",
    ("ClosureUpdate", "window"): "the same",
    ("CallRequest", "ticket"): "a ticket by its number or its id",
    ("NewDeadlinePolicy", "unit"): "of measure: working days or calendar days",
    ("PolicyView", "unit"): "the same",
    ("HallContactView", "unit"): "the place as people call it, of which there is no register",
    ("DeviceIn", "account"): "the name that somebody signs in with; `account_id` is the row's",
    ("DeviceView", "account"): "the same",
    ("Figures", "account"): "the same",
    ("FollowupFigures", "account"): "the same",
    ("UseLine", "account"): "the same",
    ("AssessmentLine", "account"): "the same",
    ("Me", "account"): "the same",
    ("CatalogueImport", "rows"): "the lines of a file that was sent",
    ("DepartmentImportResult", "rows"): "the same",
    ("ImportResult", "rows"): "the same",
    ("ProjectImportResult", "rows"): "the same",
    ("MatchReasonView", "rule"): "of the matcher, of which there is no register",
    ("Coverage", "must"): "how many carriers, no truth value",
    ("DutyCarriers", "must"): "the same",
    ("DetailTrial", "rows"): "the rows of tables of a page",
    ("ListRule", "rows"): "by which selector a list's rows are found",
    ("StatisticsRow", "bad"): "how many ratings are bad, no truth value",
    ("FollowupFigures", "bad"): "how many answers are bad, no truth value",
    ("RatingFigures", "bad"): "how many ratings are bad, no truth value",
    ("ImportedResult", "item"): "what becomes of the item: new, changed or as it was",
    ("TriggerOrder", "subject"): "what a duty is about, in words, of which there is no register",
    ("DutyView", "subject"): "the same",
    ("DutyDetail", "subject"): "the same",
    ("PushedPublication", "subject"): "the same",
    ("ReleaseDraft", "subject"): "the same",
    ("RegisteredReleaseView", "subject"): "the same",
    ("MatchedDuty", "subject"): "the same",
    ("DisputeView", "subject"): "the same",
    ("ExemptionView", "subject"): "the same",
    ("RectificationView", "subject"): "the same",
    ("RectificationDetail", "subject"): "the same",
    ("ReportRow", "subject"): "the same",
    ("WaitingDuty", "subject"): "the same",
    ("RectificationReplied", "subject"): "the same",
    ("DayView", "notice"): "the holiday notice by its name and number, of which there is no row",
    ("VersionOrder", "notice"): "the same",
    ("VersionView", "notice"): "the same",
    ("LetterReceipt", "notice"): "a word to the sender, which is read here and kept nowhere",
    ("DutiesMade", "event"): "the event of a trigger, by its id on the stream; no outreach event",
    ("GuideContent", "consultation"): "where to ask about the item, in words",
    ("GuideIn", "consultation"): "the same",
    ("Numbers", "letter"): "of the alphabet, which numbers begin with",
    ("NumbersView", "letter"): "the same",
}
"""Fields that have the bare word and mean something else by it, and what."""
WORDS = {"reason"}
"""What is written in words under the bare word, beside a code of the same."""
SAYS_BY_WHAT = ("_code", "_id", "_no", "_name")


def _fields(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for model, schema in schemas_of(document).items():
        for name, field in schema.get("properties", {}).items():
            yield model, name, field


def _types(field: dict[str, Any]) -> set[str]:
    """The JSON types that a value may have, none for an object that is described elsewhere."""
    parts = [field, *field.get("anyOf", ())]
    return {part["type"] for part in parts if "type" in part} - {"null"}


@pytest.mark.parametrize("old", REPLACED)
def test_an_old_name_stands_beside_the_new_one_and_is_deprecated(
    joined: dict[str, Any], old: str
) -> None:
    found = {
        model: schema["properties"]
        for model, schema in schemas_of(joined).items()
        if schema.get("properties", {}).get(old, {}).get("deprecated")
    }
    assert found
    for model, fields in found.items():
        [new] = fields.keys() & REPLACED[old]
        assert _types(fields[old]) == _types(fields[new]), model
        assert not fields[new].get("deprecated"), model


def test_no_field_has_a_name_that_was_replaced(joined: dict[str, Any]) -> None:
    again = [
        f"{model}.{name}"
        for model, name, field in _fields(joined)
        if name in REPLACED and not field.get("deprecated") and (model, name) not in OTHERS
        if _types(field) & {"string", "integer", "boolean"}
    ]
    assert again == []


def test_one_thing_has_not_two_names(joined: dict[str, Any]) -> None:
    names = {name for _, name, field in _fields(joined) if not field.get("deprecated")}
    pairs = [
        f"{model}.{name}: {other}"
        for model, name, field in _fields(joined)
        if not field.get("deprecated") and (model, name) not in OTHERS
        for other in _others(name, _types(field))
        if other in names
    ]
    assert pairs == [], "keep one of the names (CONTRIBUTING.md), or say what else it is: OTHERS"


def _others(name: str, types: set[str]) -> list[str]:
    """What a thing so named might be called elsewhere."""
    truth = [f"is_{name}"] if types & {"boolean", "integer"} else []
    return truth + [name + by for by in SAYS_BY_WHAT if types & {"string"} and name not in WORDS]


def test_whatever_is_excepted_is_there(joined: dict[str, Any]) -> None:
    assert OTHERS.keys() <= {(model, name) for model, name, _ in _fields(joined)}


def test_queries_name_things_by_the_bare_word(joined: dict[str, Any]) -> None:
    for _, _, operation in each_operation(joined["paths"]):
        asked = {
            one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "query"
        }
        for name, one in asked.items():
            by_what = name.endswith(("_code", "_id", "_on", "_name"))
            replaced = by_what or name in REPLACED_IN_QUERIES
            assert bool(one.get("deprecated")) == replaced, (operation["operationId"], name)
            if replaced:
                assert REPLACED_IN_QUERIES[name] in asked, (operation["operationId"], name)
