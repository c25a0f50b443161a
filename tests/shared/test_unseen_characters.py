"""Names and titles hold nothing that nobody sees; running text may (emoji are joined by it)."""

import httpx
import pytest
from pydantic import Field, ValidationError

from shared.web import spreadsheets
from shared.web.models import Input, Prose
from tests.conftest import Headers

UNSEEN = ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u061c"]


class Named(Prose):
    name: str = Field(min_length=1)
    title: str | None = Field(None, max_length=100)
    aliases: list[str] = Field(default_factory=list)
    text: str = ""


class Outer(Input):
    inner: Named


@pytest.mark.parametrize("mark", UNSEEN)
@pytest.mark.parametrize("field", ["name", "title", "aliases"])
def test_an_invisible_character_in_a_name_or_title_is_refused(field: str, mark: str) -> None:
    value = f"张{mark}三"
    fields = {"name": "张三", field: [value] if field == "aliases" else value}
    with pytest.raises(ValidationError):
        Named.model_validate(fields)
    with pytest.raises(ValidationError):
        Outer.model_validate({"inner": fields})


def test_running_text_and_ordinary_names_are_taken_as_they_are() -> None:
    told = {"name": "阿依古丽·买买提 O'Neil", "title": None, "text": "一家人 👨\u200d👩\u200d👧"}
    assert Named.model_validate(told).text == told["text"]
    assert Named.model_json_schema()["properties"]["name"]["minLength"] == 1


async def test_the_refusal_of_a_title_says_what_is_wrong(
    feedback: httpx.AsyncClient, as_: Headers
) -> None:
    letter = {"kind": "complaint", "title": "路灯\u202e坏了", "body": "路灯坏了三天。"}
    answer = await feedback.post("/api/v1/letters", json=letter)
    assert answer.status_code == 422
    [error] = [e for e in answer.json()["errors"] if e["pointer"] == "/body/title"]
    assert "看不见的字符" in error["detail"]


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1", "\ufeff=cmd|' /C calc'!A0"],
)
def test_a_formula_in_an_export_is_text(formula: str) -> None:
    written = spreadsheets.to_csv(["项目"], [[formula], [-3], ["普通"]]).decode("utf-8-sig")
    assert f"'{formula}".split("\r")[0] in written
    assert "\n-3\r\n" in written
    assert "\n普通\r\n" in written
