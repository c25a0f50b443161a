"""Pages about nothing that is audited: meetings, training, notices before a decision."""

from datetime import date, datetime, time, timedelta

from services.projects.demo_city import DemoUnit
from services.projects.demo_portal.pages import Article
from shared.clock import SHANGHAI

_NOTICES = (
    (
        "工作动态",
        "宁川市{unit}召开年度重点工作推进会",
        "会议通报了前三季度工作进展，部署下一阶段任务。",
    ),
    (
        "工作动态",
        "宁川市{unit}组织开展政务公开业务培训",
        "全体公开信息员参加培训，学习公开时限与要素要求。",
    ),
    ("通知公告", "宁川市{unit}关于调整办事窗口工作时间的通知", "下月起窗口午间实行轮班服务。"),
    (
        "公示公告",
        "宁川市{unit}关于柳溪村入户道路修缮（小型工程）审批前公示",
        "现将有关情况予以公示，公示期五日。",
    ),
    ("工作动态", "云岭片区口袋公园建设现场见闻", "施工现场井然有序，预计年内完工。"),
)


def notices_of(unit: DemoUnit, today: date) -> list[Article]:
    """Five pages of a unit that publish none of its duties."""
    return [
        _notice(unit, number, today - timedelta(days=11 + 23 * number))
        for number in range(len(_NOTICES))
    ]


def _notice(unit: DemoUnit, number: int, on: date) -> Article:
    column, title, text = _NOTICES[number]
    moment = datetime.combine(on, time(10, 5 + number), SHANGHAI)
    serial = 900000 + int(unit.code[1:]) * 10 + number
    return Article(
        path=f"/{unit.code.lower()}/gzdt/{on:%Y%m}/t{on:%Y%m%d}_{serial}.htm",
        title=title.format(unit=unit.name),
        column=column,
        list_on=on,
        meta_at=moment,
        label_at=moment,
        elements=(),
        text=text,
    )
