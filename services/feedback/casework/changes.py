"""What an action changes of the letter itself, one function a kind of change. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from pydantic import BaseModel

from services.feedback.casework.rules import F, FileFacts
from services.feedback.casework.schemas import Classify, Consent, Dispatch, Merge
from services.feedback.letters.models import Letter, LetterKind

Columns = dict[str, Any]
"""New values of the letter's columns."""


@dataclass(frozen=True)
class Act(Generic[F]):
    """Who does what to a letter, and when; `file` is what was there before."""

    by: str
    fields: F
    now: datetime
    file: FileFacts


def kind_and_accused(letter: Letter, act: Act[Classify]) -> Columns:
    """Only an accusation accuses: a letter that turns out to be none loses the accused."""
    kind = act.fields.kind or letter.kind
    accused = act.fields.accused if kind is LetterKind.ACCUSATION else None
    return {"kind": kind, "accused": sorted(set(accused or ()))}


def department(letter: Letter, act: Act[Dispatch]) -> Columns:
    return {"department_code": act.fields.department_code}


def no_department(letter: Letter, act: Act[BaseModel]) -> Columns:
    return {"department_code": None}


def replied(letter: Letter, act: Act[BaseModel]) -> Columns:
    return {"replied_at": act.now}


def closed(letter: Letter, act: Act[BaseModel]) -> Columns:
    return {"closed_at": act.now}


def reopened(letter: Letter, act: Act[BaseModel]) -> Columns:
    return {"reopened": letter.reopened + 1, "closed_at": None}


def consent(letter: Letter, act: Act[Consent]) -> Columns:
    return {"wants_public": act.fields.wants_public}


def merged(letter: Letter, act: Act[Merge]) -> Columns:
    return {"merged_into": act.fields.into}


def unmerged(letter: Letter, act: Act[BaseModel]) -> Columns:
    return {"merged_into": None}
