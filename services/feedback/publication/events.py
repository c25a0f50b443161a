from typing import ClassVar

from services.feedback.casework.events import LetterEvent


class LetterPublished(LetterEvent):
    """来信与答复的公开版（已去除个人信息）已发布。

    The public copy of a letter and its reply, free of personal data, went online.
    """

    type: ClassVar[str] = "feedback.letter.published.v1"
