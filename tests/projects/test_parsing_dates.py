from datetime import UTC, date, datetime

import pytest

from services.projects.reading.dates import (
    Precision,
    is_future,
    month_and_day,
    read_day,
    read_moment,
)
from services.projects.reading.labels import label_moments
from shared.clock import SHANGHAI

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
Moment = tuple[int, int, int, int, int, int]
WORDS = ["发布时间", "发布日期"]


@pytest.mark.parametrize(
    ("printed", "moment", "precision"),
    [
        ("2026-04-08 10:50", (2026, 4, 8, 10, 50, 0), "minute"),
        ("2022-04-17 14:46:00", (2022, 4, 17, 14, 46, 0), "minute"),
        ("2026-07-19T07:16", (2026, 7, 19, 7, 16, 0), "minute"),
        ("2026/7/9 7:16", (2026, 7, 9, 7, 16, 0), "minute"),
        ("2026.07.19", (2026, 7, 19, 0, 0, 0), "day"),
        ("2026年7月9日", (2026, 7, 9, 0, 0, 0), "day"),
        ("2026年7月9日 10时50分", (2026, 7, 9, 10, 50, 0), "minute"),
        ("2017——04——12", (2017, 4, 12, 0, 0, 0), "day"),
        ("２０２６－０７－１９　０７：１６", (2026, 7, 19, 7, 16, 0), "minute"),
        ("2026-07-19 00:00:00", (2026, 7, 19, 0, 0, 0), "day"),
        ("2026-07-19T02:16:30Z", (2026, 7, 19, 10, 16, 30), "minute"),
        ("2026-07-19T02:16:30.123+00:00", (2026, 7, 19, 10, 16, 30), "minute"),
        ("发布于2026-07-19，共3页", (2026, 7, 19, 0, 0, 0), "day"),
        ("20260719", (2026, 7, 19, 0, 0, 0), "day"),
        ("发布日期：20260719 07:16", (2026, 7, 19, 7, 16, 0), "minute"),
        ("2026-07-19-07:16:30", (2026, 7, 19, 7, 16, 30), "minute"),
        ("二〇二六年七月九日", (2026, 7, 9, 0, 0, 0), "day"),
        ("二○二六年十二月三十一日", (2026, 12, 31, 0, 0, 0), "day"),
        ("二零二六年元月廿一日", (2026, 1, 21, 0, 0, 0), "day"),
        ("Fri, 03 Jul 2026 10:50:00 +0800", (2026, 7, 3, 10, 50, 0), "minute"),
        ("Fri, 03 Jul 2026 02:50:00 GMT", (2026, 7, 3, 10, 50, 0), "minute"),
        ("3 Jul 2026 10:50", (2026, 7, 3, 10, 50, 0), "minute"),
    ],
)
def test_reads_a_date_as_sites_print_it(printed: str, moment: Moment, precision: str) -> None:
    found = read_moment(printed)
    assert found is not None
    assert found.at == datetime(*moment, tzinfo=SHANGHAI)
    assert found.precision == Precision(precision)


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "null",
        "2026-13-01",
        "2026-02-30",
        "2024.4—2024.9",
        "2026-07",
        "20261340",
        "W20260719",
        "2026071912",
        "3550-20260719",
        "2026/20260719/1.htm",
        "1:2:3",
        "二〇二六年",
        "二〇二六年十三月一日",
        "二〇二六年二月三十日",
        "Sat, 03 Jul 2026 10:50:00 +0800",
        "Fri, 03 Jul 2026 10:50:00 CST",
        "Fri, 32 Jul 2026 10:50:00 +0800",
    ],
)
def test_what_is_no_date_gives_none(printed: str) -> None:
    assert read_moment(printed) is None


def test_an_impossible_date_does_not_hide_the_real_one_after_it() -> None:
    assert read_day("2026-02-30 改为 2026-03-02") == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("printed", "ahead"),
    [
        ("2026-11-23", False),
        ("2026-11-24", True),
        ("2026-11-23 10:05", False),
        ("2026-11-23 10:11", True),
    ],
)
def test_a_date_ahead_is_a_future_one_but_for_a_clock_a_little_fast(
    printed: str, ahead: bool
) -> None:
    found = read_moment(printed)
    assert found is not None
    assert is_future(found, NOW) is ahead


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("发布时间：2026-05-15 17:09", date(2026, 5, 15)),
        ("[发布日期] 2026-05-15", date(2026, 5, 15)),
        ("发 布 时 间：2026-05-15", date(2026, 5, 15)),
        ("发布时间：\n2026-05-15", date(2026, 5, 15)),
        ("来源：发改委 发布时间：2026-05-15 浏览：3", date(2026, 5, 15)),
        ("发布日期：20260515", date(2026, 5, 15)),
        ("发布日期：二〇二六年五月十五日", date(2026, 5, 15)),
        ("发布日期\n2026-05-15", date(2026, 5, 15)),
        ("页面生成时间 2019-01-01 07:22:49", None),
        ("计划发布时间：2026-05-15", None),
        ("成文日期：2026-05-15", None),
        ("批复时间：2026-05-15", None),
        ("2026-05-15", None),
        ("发布时间：见附件。会议于2026-05-15召开", None),
        ("发布\n时间：2026-05-15", None),
        ("发布时间\n\n2026-05-15", None),
        ("发布时间：2026-05-15至2026-05-21", None),
        ("该公告见省网，发布时间：2026-05-15", None),
        ("转自省网（发布时间：2026-05-15）", None),
        ("“省网公告\n发布时间：2026-05-15”", None),
        ("现将原文转发如下：\n发布时间：2026-05-15", None),
    ],
)
def test_only_a_date_right_after_its_own_label_is_a_time_of_publication(
    text: str, expected: date | None
) -> None:
    found = label_moments(text, WORDS)
    assert [moment.on for moment in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("[08-31]", (8, 31)),
        ("（08/31）", (8, 31)),
        ("8月31日", (8, 31)),
        ("8-31", None),
        ("08-31 10:50", None),
        ("2026-08-31", None),
    ],
)
def test_month_and_day_are_read_where_nothing_else_stands(
    printed: str, expected: tuple[int, int] | None
) -> None:
    assert month_and_day(printed) == expected
