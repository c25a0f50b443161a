from enum import StrEnum
from typing import ClassVar

from services.feedback.casework.events import LetterEvent


class UnpublishedBecause(StrEnum):
    """Who wanted it so: a supervisor for a reason kept on file, or the sender."""

    TAKEN_DOWN = "taken_down"
    CONSENT_TAKEN_BACK = "consent_taken_back"


class LetterPublished(LetterEvent):
    """来信与答复的公开版（已去除个人信息）已发布。

    The public copy of a letter and its reply, free of personal data, went online.
    """

    type: ClassVar[str] = "feedback.letter.published.v1"


class LetterUnpublished(LetterEvent):
    """来信的公开版已撤下；已转载的请一并撤下。

    The public copy of a letter was taken down; who has passed it on should take it down too.
    """

    type: ClassVar[str] = "feedback.letter.unpublished.v1"

    because: UnpublishedBecause
