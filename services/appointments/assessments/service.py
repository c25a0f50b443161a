"""Assessments for who manages the hall, and for the person themselves; for nobody else."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.assessments import queries, rules
from services.appointments.assessments.queries import Finished
from services.appointments.assessments.rules import ComparisonTerms, Times
from services.appointments.assessments.schemas import (
    AssessedService,
    AssessmentLine,
    AssessmentsView,
    TimeReading,
)
from services.appointments.directory.models import Hall
from services.appointments.policies import service as policies
from services.appointments.policies.schemas import AssessmentTerms
from services.appointments.rated_services import service as rated
from services.appointments.rated_services.rules import RatingTerms
from services.appointments.rated_services.service import RatedQuarter
from services.appointments.windows import service as windows
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

LONGEST_DAYS = 92
"""A quarter: each service of it is read."""
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_PERIOD = Text(
    "请按先后填写日期，一次最多 92 天", "Please give the days in order, at most 92 at a time"
)
_HOW = Text(
    "本人可比办理的实际时间之和，除以本厅其他人办理同样事项的平均时间之和（间接标准化）；同事很少办、或只有个别同事办的事项不计。"
    "区间越宽，越不能说明什么。用时长短不等于好坏：讲解细致、老年群众多、系统缓慢都会使时间变长。"
    "评价按季度合计，只计由一人接待的到访，差评同样与同事办理同样事项的比例相比；评价一条也看不到，太少的不作说明。"
    "请据此了解谁需要帮助，不作排名，也不单凭它奖惩；每一行都可以打开逐次核对。",
    "What the person's comparable services took, over what the others of the hall take for the same"
    " items on average (indirect standardisation); items that others hardly do, or hardly any other"
    " does, are left out. The wider the interval, the less it says. Longer is not worse: careful"
    " advice, elderly visitors and slow systems all take time. Ratings are summed by quarter, of"
    " visits that one person alone served; bad ones are held against others' of the same items in"
    " the same way. None can be read by itself, and of few nothing is said. It is for finding out"
    " who could use help; it is no ranking, and no ground for reward or reproach by itself. Each"
    " line can be opened to its services.",
)
_FEW_PEOPLE = Text(
    "办理这些事项的同事太少，为免看出个别同事的用时，不作比较",
    "Too few others do these items: nothing is compared, so that the times of one are not read off",
)
_ADVICE = {
    TimeReading.TOO_FEW: Text(
        "可比的办理还太少，不作比较", "Too few comparable services to say anything yet"
    ),
    TimeReading.ALIKE: Text(
        "与同事没有可以分辨的差别", "No difference from others that chance would not make"
    ),
    TimeReading.SHORTER: Text(
        "同样事项用时较短；可以看看有什么做法值得分享",
        "Takes less time for the same items: there may be something to share",
    ),
    TimeReading.LONGER: Text(
        "同样事项用时较长；先打开逐次看看原因，再问问需要什么帮助",
        "Takes more time for the same items: look at the services first, then ask what would help",
    ),
}


class ComparedHall(NamedTuple):
    """What everybody of the hall did, by whose policy it is compared, and how they were rated."""

    times: dict[tuple[str, str], Times]
    terms: ComparisonTerms
    ratings: RatedQuarter


class AssessedDays(NamedTuple):
    """The hall and its days, both included."""

    hall: Hall
    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.hall.timezone)
        end = self.last + timedelta(days=1)
        return datetime.combine(self.first, time(), zone), datetime.combine(end, time(), zone)


async def of_hall(
    session: AsyncSession,
    caller: Caller,
    hall_code: str,
    first: date,
    last: date,
    language: str,
    now: datetime,
) -> AssessmentsView:
    """Of all for the hall's manager, and of oneself for anybody else. Raises NotFound, Invalid."""
    asked = await _asked(session, caller, hall_code, first, last)
    version, terms = await _terms(session, hall_code, now)
    times = await queries.times(session, hall_code, *asked.bounds)
    ratings = await rated.until(session, hall_code, last, _rating_terms(terms), now)
    persons = sorted({who for who, _ in times})
    if not _manages(caller):
        persons = [caller.sub]
    return AssessmentsView(
        hall_code=hall_code,
        from_on=first,
        to_on=last,
        policy_version=version,
        **terms._asdict(),
        how=_HOW.say(language),
        ratings_from_on=ratings.first,
        ratings_to_on=ratings.last,
        items=await _lines(session, asked, persons, ComparedHall(times, terms, ratings), language),
    )


async def _asked(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date
) -> AssessedDays:
    hall = await session.get(Hall, hall_code) if caller.at(hall_code) else None
    if hall is None:
        raise NotFound(_NO_HALL)
    if not timedelta() <= last - first < timedelta(days=LONGEST_DAYS):
        raise Invalid(_PERIOD, pointer="/query/from")
    return AssessedDays(hall, first, last)


async def _terms(
    session: AsyncSession, hall_code: str, now: datetime
) -> tuple[int, ComparisonTerms]:
    policy = await policies.in_force(session, hall_code, now)
    laid_down = AssessmentTerms.model_validate(policy.assessments)
    return policy.version, ComparisonTerms(**laid_down.model_dump())


def _rating_terms(terms: ComparisonTerms) -> RatingTerms:
    return RatingTerms(terms.least_ratings, terms.least_others, terms.confidence_percent)


def _manages(caller: Caller) -> bool:
    return caller.has("hall_manager")


async def _lines(
    session: AsyncSession,
    asked: AssessedDays,
    persons: Sequence[str],
    compared: ComparedHall,
    language: str,
) -> list[AssessmentLine]:
    """In the order of their names, which says nothing of them."""
    begins, ends = asked.bounds
    names = await windows.names(session, persons, begins)
    lines = [
        _line(person, names.within(person, begins, ends) or person, compared, asked, language)
        for person in persons
    ]
    return sorted(lines, key=lambda line: (line.clerk, line.account))


def _line(
    person: str, name: str, compared: ComparedHall, asked: AssessedDays, language: str
) -> AssessmentLine:
    found = rules.assess(person, compared.times, compared.terms)
    period = {"from": asked.first.isoformat(), "to": asked.last.isoformat(), "clerk": person}
    return AssessmentLine(
        account=person,
        clerk=name,
        cases=found.cases,
        compared=found.compared,
        of_few_people=found.of_few_people,
        minutes=_rounded(found.minutes, 1),
        expected_minutes=_rounded(found.expected_minutes, 1),
        ratio=_rounded(found.ratio, 2),
        low=_rounded(found.low, 2),
        high=_rounded(found.high, 2),
        reading=found.reading,
        advice=_advice(found, compared.terms).say(language),
        ratings=compared.ratings.of(person),
        ticket_rows=f"/api/v1/halls/{asked.hall.code}/assessments/services?{urlencode(period)}",
    )


def _advice(found: rules.Assessment, terms: ComparisonTerms) -> Text:
    few_people = found.compared + found.of_few_people >= terms.least_cases
    is_unknown = found.reading is TimeReading.TOO_FEW
    return _FEW_PEOPLE if is_unknown and few_people else _ADVICE[found.reading]


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


async def services_of(
    session: AsyncSession,
    caller: Caller,
    hall_code: str,
    person: str | None,
    first: date,
    last: date,
    paging: PageRequest,
    now: datetime,
) -> Page[AssessedService]:
    """Each service of the person, or of oneself. Raises NotFound, also for who is not one's
    business, and Invalid."""
    asked = await _asked(session, caller, hall_code, first, last)
    account = person or caller.sub
    if account != caller.sub and not _manages(caller):
        raise NotFound(_NOT_THEIRS, pointer="/query/clerk")
    _, terms = await _terms(session, hall_code, now)
    times = await queries.times(session, hall_code, *asked.bounds)
    others = rules.others_by_item(account, times)
    (after,) = paging.key(int) or (0,)
    rows = await queries.services(
        session, hall_code, account, *asked.bounds, after, paging.limit + 1
    )
    return page(rows, paging, lambda row: (row.hall_seq,), lambda row: _service(row, others, terms))


_NOT_THEIRS = Text("这里只能查看您本人的办理情况", "Here you can look at your own services")


def _service(
    row: Finished, others: dict[str, rules.Others], terms: ComparisonTerms
) -> AssessedService:
    of = others.get(row.item_code, rules.NOBODY)
    why = of.not_compared(terms)
    shown = {**row._asdict(), "minutes": round(row.minutes, 2)}
    expected = None if why is not None else round(of.times.mean, 2)
    return AssessedService(**shown, expected_minutes=expected, not_compared=why)
