import base64

import pytest

from shared.security.crypto import CannotOpen, Keyring

OLD, NEW, INDEX = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


def test_what_is_sealed_opens_at_its_place_only() -> None:
    keyring = Keyring(f"k1:{OLD}", INDEX)
    sealed = keyring.seal("13812341234", where="citizen.phone", row="7")
    assert "1381234" not in sealed
    assert keyring.open(sealed, where="citizen.phone", row="7") == "13812341234"
    for place in ({"where": "citizen.phone", "row": "8"}, {"where": "citizen.name", "row": "7"}):
        with pytest.raises(CannotOpen):
            keyring.open(sealed, **place)


def test_an_old_key_still_opens_after_rotation() -> None:
    sealed = Keyring(f"k1:{OLD}", INDEX).seal("张三", where="citizen.name", row="1")
    rotated = Keyring(f"k2:{NEW},k1:{OLD}", INDEX)
    assert rotated.open(sealed, where="citizen.name", row="1") == "张三"
    assert rotated.seal("张三", where="citizen.name", row="1").split("|")[2] == "k2"
    with pytest.raises(CannotOpen):
        Keyring(f"k2:{NEW}", INDEX).open(sealed, where="citizen.name", row="1")


def test_a_blind_index_finds_equals_within_one_column() -> None:
    keyring = Keyring(f"k1:{OLD}", INDEX)
    index = keyring.blind_index("13812341234", where="citizen.phone")
    assert index == keyring.blind_index("13812341234", where="citizen.phone")
    assert index != keyring.blind_index("13812341234", where="letter.phone")


@pytest.mark.parametrize("keys", ["", "k1:AAAA", "k1:%%%"])
def test_a_bad_key_refuses_to_start(keys: str) -> None:
    with pytest.raises(ValueError, match="."):
        Keyring(keys, INDEX)


@pytest.mark.parametrize(
    "typed", ["+86 138-1234-1234", "008613812341234", "１３８１２３４１２３４"]
)
def test_one_phone_number_has_one_index_however_it_is_typed(typed: str) -> None:
    keyring = Keyring(f"k1:{OLD}", INDEX)
    index = keyring.phone_index("13812341234", where="citizen.phone")
    assert keyring.phone_index(typed, where="citizen.phone") == index
    assert keyring.phone_index("13812341235", where="citizen.phone") != index


@pytest.mark.parametrize("typed", ["11010519491231002x", "１１０１０５ 19491231 002Ｘ"])
def test_one_document_has_one_index_however_it_is_typed(typed: str) -> None:
    keyring = Keyring(f"k1:{OLD}", INDEX)
    index = keyring.document_index("11010519491231002X", where="ticket.evidence")
    assert keyring.document_index(typed, where="ticket.evidence") == index


def test_two_keys_of_one_id_are_refused_because_one_of_them_would_never_open() -> None:
    with pytest.raises(ValueError, match="same id") as refused:
        Keyring(f"k1:{NEW},k1:{OLD}", INDEX)
    assert OLD not in str(refused.value)


def test_what_is_sealed_anew_says_the_same_under_the_first_key() -> None:
    place = {"where": "citizen.name", "row": "1"}
    sealed = Keyring(f"k1:{OLD}", INDEX).seal("张三", **place)
    both = Keyring(f"k2:{NEW},k1:{OLD}", INDEX)
    anew = both.seal_anew(sealed, **place)
    assert anew.startswith(both.prefix)
    assert Keyring(f"k2:{NEW}", INDEX).open(anew, **place) == "张三"
    with pytest.raises(CannotOpen):
        both.seal_anew(sealed, where="citizen.name", row="2")
