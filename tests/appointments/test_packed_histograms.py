"""Histograms of halls are added up as whole numbers: how one is written."""

from sqlalchemy import text

from shared.database.engine import Sessions
from shared.database.histograms import DIGITS, LARGEST


async def test_a_histogram_is_packed_eight_digits_a_value_and_no_value_is_too_large(
    sessions: Sessions,
) -> None:
    async with sessions() as session:
        for values, counts, packed in (
            ([0, 2, 0], [7, 12, 1], "12" + "0" * 14 + "08"),
            ([20_000, 16_000], [1, 2], "3" + "0" * (LARGEST * DIGITS)),
            ([], [], None),
        ):
            sql = text("SELECT packed_histogram(CAST(:v AS int[]), CAST(:n AS int[]))::text")
            found = (await session.execute(sql, {"v": values, "n": counts})).scalar_one()
            assert found == packed
