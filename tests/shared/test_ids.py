import pytest

from shared.ids import ALPHABET, check_code, new_id, public_code


def test_ids_follow_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert {i.version for i in ids} == {7}


def test_a_code_can_be_checked_however_it_is_typed() -> None:
    code = public_code("A")
    assert check_code(code)
    assert check_code(f"{code[:4]}-{code[4:]}".lower().replace("0", "o").replace("1", "l"))


@pytest.mark.parametrize("place", range(9))
def test_every_single_wrong_letter_is_found(place: int) -> None:
    code = public_code("A")
    for letter in set(ALPHABET) - {code[place]}:
        assert not check_code(code[:place] + letter + code[place + 1 :])


@pytest.mark.parametrize("typed", ["", "U", "张三李四", "A" * 200 + "!"])
def test_nonsense_is_no_code(typed: str) -> None:
    assert not check_code(typed)
