"""The words that somebody looks for. Pure."""

from services.feedback.redaction.characters import fold
from shared.errors import Invalid, Text

MOST_TERMS = 5


def terms_of(query: str) -> list[str]:
    """Each word of the query once, folded. Raises Invalid for nothing or too many words."""
    terms = list(dict.fromkeys(fold(query, caseless=True).text.split()))
    if not 0 < len(terms) <= MOST_TERMS:
        raise Invalid(
            Text("请输入一至五个词", "Please enter one to five words"), pointer="/query/q"
        )
    return terms
