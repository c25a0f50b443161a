"""The report on paper and on a phone: what it says first, what its lights mean, what it repeats."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.projects.auditing.models import Reason, Verdict
from services.projects.demo_world import world
from services.projects.reports import printing
from services.projects.reports.models import Report
from services.projects.reports.queries import ReportedDuty
from services.projects.reports.rules import because, shares, summary
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.report import Counted
from services.projects.reports.signing.queries import ReportStatus
from services.projects.scoring.schemas import DeductionWeights
from shared import clock

DAY = date(2026, 11, 27)
POLICY = {"min_n": 5, "min_coverage": 0.5, "green_from": 0.9, "yellow_from": 0.75}
WEIGHTS = DeductionWeights().model_dump()
CHROMIUM = shutil.which("chromium")


def content(counts: Mapping[tuple[str, str], int] | None = None, **others: Any) -> dict[str, Any]:
    """The report of the demo city on that day, or of these `counts` by unit and verdict."""
    city = world(DAY)
    counts = Counter((d.unit_code, d.verdict) for d in city.duties) if counts is None else counts
    inputs = {
        "units": [{"code": u.code, "name": u.name, "name_en": u.name_en} for u in city.units],
        "weights": WEIGHTS,
        "versions": {"calendar": 1, "catalogue": 1, "rule": 1, "scheme": 2},
        "in_dispute": {"D03": 1},
        "title": {
            "city": "宁川市", "city_en": "Ningchuan", "fields": ["重大建设项目批准和实施领域"],
            "from": "2026-03-02", "to": "2026-11-27", "year": 2026, "serial": 3,
        },
        "worst": [
            {
                "duty_id": str(uuid4()), "unit": "D03", "project": "东湖大道", "item": "施工许可证",
                "verdict": verdict, "due_on": "2026-06-01", "over_by": over, "by_days": False,
            }
            for verdict, over in (("overdue", 32), ("late", 1))
        ],
        "last": None,
    }  # fmt: skip
    rows = [Counted(unit, verdict, n, 0) for (unit, verdict), n in counts.items()]
    made = reporting.compose(DAY, inputs | others, rows, "ab" * 32)
    return reporting.read_bytes(reporting.to_bytes(made))


def frozen() -> Report:
    return Report(
        as_of=DAY, frozen_at=clock.now(), last_verdict_event=1, last_fact=1, inputs={}, body=b"",
        sha256="cd" * 32,
    )  # fmt: skip


def opened(made: dict[str, Any]) -> str:
    figure = printing.Figure(made, None, "late", 1)
    return printing.rows_page(frozen(), figure, [late_row()], ReportStatus())


def page(made: dict[str, Any]) -> str:
    return printing.report_page(frozen(), made, ReportStatus())


def test_on_the_demo_all_three_lights_occur_and_none_covers_more_than_60_percent() -> None:
    lights = Counter(line["light"] for line in content()["units"])
    assert {"green", "yellow", "red"} <= lights.keys()
    assert max(lights.values()) <= 0.6 * lights.total()


def test_a_light_is_read_without_colours() -> None:
    made = page(content())
    assert all(f">{shape}</i>{letter}" in made for shape, letter in ("●绿", "▲黄", "■红", "○灰"))
    assert "绿 ● 90.0% 及以上，黄 ▲ 75.0% 及以上，红 ■ 不到 75.0%" in made


def test_each_light_and_place_says_which_rule_gives_it() -> None:
    made = content()
    words = {line["unit"]: because.of(line, made["policy"]) for line in made["units"]}
    for line in made["units"]:
        light, rank = words[line["unit"]]
        assert light is not None
        assert rank is not None
        assert light.zh.startswith(
            {"green": "绿", "yellow": "黄", "red": "红", "grey": "灰"}[line["light"]]
        )
        assert (f"第 {line['rank']} 名" in rank.zh) == (line["rank"] is not None)
        if line["light"] != "grey":
            assert f"按时 {line['on_time']} ÷ 应公开 {line['due']}" in light.zh
    printed = page(made)
    assert all(light.zh in printed for light, _ in words.values() if light)


def test_a_light_of_which_too_little_is_known_says_what_is_missing() -> None:
    line = {"known": 3, "due": 4, "coverage": 0.75, "rank": None, "light": "grey"}
    light, rank = because.of(line, POLICY)
    assert light is not None
    assert "结论已知 3 项，不到 5 项" in light.zh
    assert rank is not None
    light, _ = because.of({**line, "known": 6, "due": 20, "coverage": 0.3}, POLICY)
    assert light is not None
    assert "30.0%" in light.zh


def test_a_share_that_just_misses_a_bound_does_not_read_as_if_it_met_it() -> None:
    line = {"known": 9_000, "due": 10_000, "coverage": 0.9, "rank": 3, "light": "yellow"}
    green = POLICY["green_from"]
    missing = {**line, "on_time": int(10_000 * green) - 1}
    light, _ = because.of(missing, POLICY)
    assert light is not None
    assert f"= {green * 100 - 0.01:.2f}%，" in light.zh
    reaching, _ = because.of({**line, "on_time": int(10_000 * green), "light": "green"}, POLICY)
    assert reaching is not None
    assert f"= {green:.1%}，达到 {green:.1%}" in reaching.zh


BOUND = st.decimals(0, 1, places=4).map(float)


@example(on_time=14, rest=3, bounds=[0.9])
@example(on_time=1_799_999_999_999, rest=200_000_000_001, bounds=[0.9, 0.75])
@example(on_time=8542, rest=1458, bounds=[0.8541])
@given(
    on_time=st.integers(0, 10**13),
    rest=st.integers(0, 10**13),
    bounds=st.lists(BOUND, max_size=3),
)
def test_a_share_is_printed_right_to_the_digit_and_on_its_side_of_each_bound(
    on_time: int, rest: int, bounds: list[float]
) -> None:
    due = max(1, on_time + rest)
    share = Fraction(on_time, due)
    with localcontext(prec=60):
        right = (Decimal(on_time) * 100 / due).quantize(Decimal("0.1"), ROUND_HALF_UP)
    line = {"known": due, "due": due, "on_time": on_time}
    assert shares.percent(shares.rate(line)) == f"{right}%"
    told = Fraction(shares.beside(share, *bounds)[:-1]) / 100
    for bound in bounds:
        assert Fraction(shares.bound(bound)[:-1]) / 100 == Fraction(str(bound))
        assert (told >= Fraction(str(bound))) == (share >= Fraction(str(bound)))


def test_one_share_is_one_figure_wherever_a_page_gives_it() -> None:
    """14 of 17 is 82.353 %: kept to four places and rounded again it would be 82.3 or 82.4."""
    made = content({("D03", "on_time"): 14, ("D03", "late"): 3})
    printed = page(made)
    assert printed.count("82.4%") == 7, "sentence, line, hint, totals, rule; some in two languages"
    assert "82.3%" not in printed
    line = next(line for line in made["units"] if line["unit"] == "D03")
    assert f"= {shares.percent(shares.rate(line))}，达到 75.0%" in printed
    assert (shares.interval(line), line["rate"]) == ("59–94%", 0.8235)


def test_a_change_is_the_difference_of_the_two_figures_beside_it() -> None:
    assert shares.moved(Fraction(14, 17), Fraction(841, 1000)) == "+1.7"
    assert shares.moved(Fraction(14, 17), Fraction(14, 17)) == "0"
    assert shares.moved(Fraction(1), Fraction(14, 17)) == "-17.6"


def test_a_unit_that_meets_the_bound_of_what_must_be_known_is_compared() -> None:
    """11 of 20 is 55 %, also where a product of floats says 11.000000000000002."""
    made = content(
        {("D03", "on_time"): 11, ("D03", "unknown"): 9},
        weights=WEIGHTS | POLICY | {"min_coverage": 0.55},
    )
    line = next(line for line in made["units"] if line["unit"] == "D03")
    assert (line["rank"], line["light"]) == (1, "red")


def test_a_coverage_that_just_misses_its_bound_does_not_read_as_if_it_met_it() -> None:
    line = {"known": 79_998, "due": 100_000, "coverage": 0.8, "rank": None, "light": "grey"}
    light, _ = because.of(line, POLICY | {"min_coverage": 0.8})
    assert light is not None
    assert "只占应公开的 79.998%，不到 80.0%" in light.zh


def test_the_head_names_city_field_period_and_number() -> None:
    made = page(content())
    for text in ("宁川市信息公开监察报表", "监察〔2026〕3号", "重大建设项目批准和实施领域"):
        assert text in made
    assert "2026年3月2日至2026年11月27日形成的信息" in made


def test_one_sentence_says_how_things_stand_with_its_denominators() -> None:
    made = content()
    totals, text = made["totals"], summary.sentence(made)
    assert f"应公开{totals['due']}项，结论已知{totals['known']}项" in text.zh
    assert f"按时{totals['on_time']}项" in text.zh
    assert f"{totals['due']} duties fell due" in text.en
    made["units"][1] |= {"light": "red", "overdue": 99}
    assert f"个亮红灯（{made['units'][1]['name']}" in summary.sentence(made).zh


def test_the_worst_say_by_how_much_and_who_must_act() -> None:
    made = page(content())
    assert "住房和城乡建设局：立即补公开" in made
    assert "住房和城乡建设局：说明逾期原因" in made
    assert "32 个工作日" in made
    assert "1 working day<" in made


def test_it_is_compared_with_the_report_before() -> None:
    before = content()
    before["totals"]["overdue"] += 4
    before["units"][0]["light"] = "red"
    last = reporting.as_last(uuid4(), DAY - timedelta(days=30), before)
    made = content(last=last)
    changes = {change.name.en: change.change for change in summary.changes(made)}
    assert (changes["overdue"], changes["on time"]) == ("-4", "0")
    assert summary.moved_lights(made)[0].zh.endswith("：红 → 黄")
    assert "没有更早的报表可比" in page(content())


def test_the_total_is_said_once_and_its_row_does_not_repeat_on_every_sheet() -> None:
    made = page(content())
    assert "<tfoot" not in made
    assert made.count('<tr class="total">') == 1


def test_a_dispute_that_is_open_is_marked_beside_the_unit() -> None:
    assert page(content()).count("异议处理中 1") == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to print with")
def test_printed_it_is_a_few_landscape_sheets_of_a4(tmp_path: Path) -> None:
    sheets = printed(page(content()), tmp_path)
    assert 2 <= len(sheets) <= 6
    for width, height in sheets:
        assert (round(float(width)), round(float(height))) == (842, 595)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to print with")
def test_printed_the_duties_behind_a_figure_begin_beneath_their_title(tmp_path: Path) -> None:
    """One that is short is one sheet: none that bears the title alone."""
    made = content()
    html = opened(made)
    assert len(printed(html, tmp_path)) == 1


def test_what_is_closed_on_a_screen_is_open_on_paper() -> None:
    """Closed details print nothing of what they hold, so that they hold nothing."""
    made = page(content())
    assert "</summary></details>\n<ul>" in made
    assert "@media screen { .becauses details:not([open]) + ul { display: none; } }" in made


def test_each_day_of_a_publication_stands_on_a_line_of_its_own() -> None:
    made = content()
    html = opened(made)
    assert '<span>2026-11-11<span class="en">网页自称 as it claims</span></span>' in html
    assert '<span>2026-11-30<span class="en">见到 seen</span></span>' in html
    assert "td.when span, td.page code { display: block; }" in html


def late_row() -> ReportedDuty:
    return ReportedDuty(
        duty_id=uuid4(), unit_code="D03", verdict=Verdict.LATE, reason=Reason.CLAIM_AFTER_DUE,
        known_at=None, project_code="2401-330100-48-01-100000", subject=None, project_name="东湖路",
        item_code="MP-02-01", item_name="项目建议书审批结果信息", formed_on=date(2026, 9, 1),
        by_days=False, due_on=date(2026, 10, 9), over_by=23, url="https://www.example.gov.cn/a",
        claimed_at=datetime(2026, 11, 11, tzinfo=UTC), seen_at=datetime(2026, 11, 30, tzinfo=UTC),
        evidence_id=uuid4(), absent_at=None,
    )  # fmt: skip


def printed(html: str, folder: Path) -> list[tuple[bytes, bytes]]:
    """Width and height of each sheet that Chromium makes of a page, in points."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--no-pdf-header-footer",
            f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={folder / 'page.pdf'}",
            f"file://{folder / 'page.html'}",
        ],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", (folder / "page.pdf").read_bytes())


def test_a_phone_gets_the_figures_as_cards_and_paper_never_does() -> None:
    """Chromium asks for the width of its default sheet before it reads ours."""
    made = page(content())
    assert "@media screen and (max-width" in made
    assert not re.search(r"@media \(max-width", made)
    assert 'data-label="按时率"' in made
