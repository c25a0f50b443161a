from datetime import date

import pytest

from services.feedback.letters.likeness import ALIKE, likeness, sketch
from services.feedback.letters.numbers import is_registration_number, registration_number

DAY = date(2026, 11, 23)
KEY = b"k" * 32


def test_a_number_names_region_class_day_and_serial() -> None:
    number = registration_number("NC", DAY, 12)
    assert number[:-1] == "NC-LX-20261123-0012-"
    assert is_registration_number(number)


def test_the_ten_thousandth_letter_of_a_day_gets_a_longer_serial() -> None:
    assert registration_number("NC", DAY, 10_000).startswith("NC-LX-20261123-10000-")


def test_every_single_wrong_digit_is_found() -> None:
    number = registration_number("NC", DAY, 12)
    for place, character in enumerate(number):
        if character.isdigit():
            for other in set("0123456789") - {character}:
                assert not is_registration_number(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "NC-LX-20261123-0012", "nc-lx-20261123-0012-7", "NC-LX-２0261123-0012-7", "x" * 99]
)
def test_what_is_no_number_is_told_apart(text: str) -> None:
    assert not is_registration_number(text)


SEWER = "东城街道金佛大道路口的下水道井盖破损，车辆经过响声很大，夜里影响居民休息，请尽快更换。"


def like(one: str, other: str) -> float:
    return likeness(len(set(sketch(one, KEY)) & set(sketch(other, KEY))))


def test_the_same_letter_is_wholly_alike() -> None:
    assert like(SEWER, SEWER) == 1.0


def test_a_letter_sent_again_in_other_words_is_alike() -> None:
    again = "您好！" + SEWER.replace("请尽快", "希望早日") + "谢谢。"
    assert like(SEWER, again) > ALIKE


def test_another_matter_is_not_alike() -> None:
    other = "社保卡遗失后如何补办，需要带哪些材料，周末窗口是否上班，能否网上办理。"
    assert like(SEWER, other) < ALIKE


def test_a_text_of_nothing_is_like_nothing() -> None:
    assert sketch("。", KEY) == []


def test_a_sketch_needs_its_key() -> None:
    assert not set(sketch(SEWER, KEY)) & set(sketch(SEWER, b"o" * 32))
