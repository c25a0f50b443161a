import pytest
from pydantic import TypeAdapter, ValidationError

from shared.security.personal import (
    IdNumber,
    Phone,
    mask_name,
    mask_phone,
    normalise_phone,
    valid_id_number,
)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("13800138000", "+8613800138000"),
        (" 138 0013 8000 ", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("138–0013—8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("(+86) 138.0013.8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("0086-138-0013-8000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("＋８６　１３８００１３８０００", "+8613800138000"),
        ("025-84700000", "+862584700000"),
        ("（025）8470 0000", "+862584700000"),
        ("+86 (0)25 8470 0000", "+862584700000"),
        ("+86 25 8470 0000", "+862584700000"),
        ("862584700000", "+862584700000"),
        ("0510-86655333", "+8651086655333"),
        ("86655333", "+8686655333"),
        ("12345", "+8612345"),
        ("400-820-5555", "+864008205555"),
        ("+852 2345 6789", "+85223456789"),
        ("0085223456789", "+85223456789"),
        ("+1 (415) 555-2671", "+14155552671"),
    ],
)
def test_a_phone_number_is_one_however_it_is_typed(typed: str, normal: str) -> None:
    assert normalise_phone(typed) == normal


@pytest.mark.parametrize(
    "typed",
    ["", "call me", "1234", "138001380001380013", "138/00138000", "++8613800138000", "-----"],
)
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Phone).validate_python(typed)


def test_a_phone_number_is_kept_as_it_was_typed_and_an_id_number_is_not() -> None:
    assert TypeAdapter(Phone).validate_python(" +86 138-0013-8000 ") == "+86 138-0013-8000"
    typed = "１１０１０５１９４９１２３１００２ｘ"
    assert TypeAdapter(IdNumber).validate_python(typed) == "11010519491231002X"


@pytest.mark.parametrize(
    ("typed", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("１１０１０５１９４９１２３１００２Ｘ", True),
        ("110105 19491231 002x", True),
        ("110105-19491231-002X", True),
        ("110105194912310021", False),
        ("11010519491331002X", False),
        ("11010519491231002", False),
        ("ABCDEFGHIJKLMNOPQR", False),
    ],
)
def test_citizen_numbers(typed: str, valid: bool) -> None:
    assert valid_id_number(typed) is valid


def test_masks() -> None:
    assert (mask_name("欧阳明"), mask_name("王")) == ("欧**", "王*")
    assert (mask_phone("13812341234"), mask_phone("86655333")) == ("138****1234", "******33")
    assert mask_phone("+86 138-1234-1234") == "138****1234"
    assert mask_phone("+44 20 7946 0958") == "**************58"
