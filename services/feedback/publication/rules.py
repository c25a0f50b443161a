"""When a letter may be published, and what still stands in the way. Pure."""

from collections.abc import Iterable, Mapping

from services.feedback.letters.models import Letter, LetterKind, LetterState
from services.feedback.publication.models import Part, RedactionSpan, ReviewVerdict
from services.feedback.redaction.own_data import occurrences
from services.feedback.redaction.rules import left_over, unresolved
from services.feedback.redaction.spans import Own, Span, redact
from shared.errors import Conflict, Invalid, Text
from shared.security.identity import Caller

TWO_REVIEWERS = frozenset({LetterKind.COMPLAINT, LetterKind.ACCUSATION})
ANSWERED = frozenset({LetterState.REPLIED, LetterState.CLOSED})


class NotAnswered(Conflict):
    type = "/problems/not-answered"
    title = Text("答复发出后才能公开", "It can be published only after the reply has gone out")
    advice = Text("请等答复审核通过后再准备公开", "Please wait until the reply is approved")


class NotAgreed(Conflict):
    type = "/problems/not-agreed"
    title = Text("来信人未同意公开", "The sender has not agreed to publication")
    advice = Text(
        "不公开；来信人可凭查询码随时表示同意",
        "It stays unpublished; the sender may agree at any time with the query code",
    )


class AccusationNotPublished(Conflict):
    type = "/problems/accusation-not-published"
    title = Text(
        "举报件默认不公开",
        "Accusations are not published by default",
    )
    advice = Text("请由督办人员写明依据后再办", "A supervisor has to do it, stating the basis")


class PublicationBlocked(Conflict):
    """Members `undecided` (how many proposals) and `blocked_by` (where numbers are left)."""

    type = "/problems/publication-blocked"
    title = Text("还有未处理的个人信息", "Some personal data is not decided yet")
    advice = Text("请逐处确认或驳回标出的内容", "Please accept or reject each place that is marked")


ANOTHER_REVIEWER = Text("请交由另一位审核人员复核", "Please let another reviewer approve it")


def ensure_publishable(letter: Letter, caller: Caller, basis: str | None) -> None:
    """Raises NotAnswered, NotAgreed (PIPL art. 25) or AccusationNotPublished."""
    if letter.state not in ANSWERED:
        raise NotAnswered(state=letter.state)
    if not letter.wants_public:
        raise NotAgreed
    if letter.kind is LetterKind.ACCUSATION and not (basis and caller.has("supervisor")):
        raise AccusationNotPublished


def approvals_needed(kind: LetterKind) -> int:
    return 2 if kind in TWO_REVIEWERS else 1


def as_span(span: RedactionSpan) -> Span:
    return Span(span.start, span.end, span.kind)


def in_order(spans: Iterable[RedactionSpan]) -> list[RedactionSpan]:
    """As they stand in the texts."""
    return sorted(spans, key=lambda span: (span.part, span.start))


def of_part(spans: Iterable[RedactionSpan], part: Part, *verdicts: ReviewVerdict) -> list[Span]:
    """The part's spans with one of these verdicts."""
    return [as_span(s) for s in spans if s.part is part and s.verdict in verdicts]


def copy(texts: Mapping[Part, str], spans: list[RedactionSpan]) -> dict[Part, str]:
    """The texts without what was accepted for redaction."""
    return {
        part: redact(text, of_part(spans, part, ReviewVerdict.ACCEPTED))
        for part, text in texts.items()
    }


def blockers(
    texts: Mapping[Part, str],
    spans: list[RedactionSpan],
    own: frozenset[Own] = frozenset(),
    offices: frozenset[str] = frozenset(),
) -> list[tuple[Part, Span]]:
    """Numbers and dwellings in the texts that no decision covers, and of what is the `own` of a
    sender in confidence whatever is not accepted to go: nobody can decide that it stays.
    """
    hidden = {part: of_part(spans, part, ReviewVerdict.ACCEPTED) for part in texts}
    shown = [
        (part, piece)
        for part, text in texts.items()
        for span in occurrences(text, own)
        for piece in left_over(text, span, hidden[part])
    ]
    return shown + [
        (part, span)
        for part, text in texts.items()
        for span in unresolved(
            text, of_part(spans, part, ReviewVerdict.ACCEPTED, ReviewVerdict.REJECTED), offices
        )
    ]


def ensure_clear(
    texts: Mapping[Part, str],
    spans: list[RedactionSpan],
    own: frozenset[Own] = frozenset(),
    offices: frozenset[str] = frozenset(),
) -> None:
    """Raises PublicationBlocked while a proposal is undecided or a number is left.

    A hint is no proposal of a rule: what nobody has decided of it stays as it is.
    """
    undecided = sum(span.verdict is None and not span.hint for span in spans)
    left = blockers(texts, spans, own, offices)
    if undecided or left:
        raise PublicationBlocked(
            undecided=undecided,
            blocked_by=[
                {"part": p, "start": s.start, "end": s.end, "kind": s.kind} for p, s in left
            ],
        )


def ensure_inside(text: str, start: int, end: int, pointer: str) -> None:
    """Raises Invalid for a span that is empty or reaches beyond its text."""
    if not start < end <= len(text):
        raise Invalid(Text("位置超出文本范围", "The span reaches beyond its text"), pointer=pointer)
