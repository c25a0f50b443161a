"""What is shown of the ratings of those whom somebody served."""

from enum import StrEnum

from pydantic import Field

from shared.web.models import View


class RatingReading(StrEnum):
    """What bad ratings beside those to be expected say; mostly that there are too few of them."""

    TOO_FEW = "too_few"
    ALIKE = "alike"
    MORE = "more"
    FEWER = "fewer"


class RatingFigures(View):
    """Of one person and quarter. What rests on too few ratings is null."""

    rated: int = Field(
        description="本季度由本人一人接待的群众给出的评价数，经申诉不计的除外"
        " | Ratings in the quarter by people whom this person alone served, without those that do"
        " not count after an appeal"
    )
    bad: int | None = Field(
        None, description="其中的差评数；评价太少为空 | Bad ones of them; null of too few"
    )
    compared: int = Field(
        description="其中可比的：同事也办的事项 | Of them, about items that others do as well"
    )
    expected_bad: float | None = Field(
        None,
        description="同样的事项按同事的差评比例应有的差评数；太少为空"
        " | Bad ones to be expected by the items and how often others' are; null of too few",
    )
    reading: RatingReading = Field(
        RatingReading.TOO_FEW,
        description="太少不能说明、与同事无差别、较多、较少 | Too few to say, alike, more, fewer",
    )
