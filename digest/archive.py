"""The archive: what a digest said, kept once per period, without anything of one reader."""

import types
from dataclasses import MISSING, asdict, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.db import transaction

from accounts.models import Project
from common.windows import Window
from dashboard.week import WeekInReview
from digest.charts import charts_in, keep_pictures, show_in_archive
from digest.compose import subject_of
from digest.letter import write_letter
from digest.models import Edition, Issue, Subscription
from digest.parts import Letter, Reader
from digest.schedule import rhythm_of

# The sections in which customers speak in their own words: quotes, and what they started to say.
OWN_WORDS = ("voices", "turned")


def letter_to_all(project: Project, review: WeekInReview, zone: str) -> Letter:
    """Return the week as everybody of the project may be told of it: no reader's links or tasks."""
    letter = write_letter(project, review, Reader(timezone=zone))
    return replace(letter, why="", settings_url="", unsubscribe_url="")


def without_words(letter: Letter) -> Letter:
    """Return the letter without what customers said in their own words."""
    kept = tuple(section for section in letter.sections if section.kind not in OWN_WORDS)
    return replace(letter, sections=kept)


def has_words(letter: Letter) -> bool:
    """Return True if customers speak in the letter in their own words."""
    return any(section.kind in OWN_WORDS for section in letter.sections)


def edition_of(
    subscription: Subscription, period: Window, review: WeekInReview, *, now: datetime
) -> Edition:
    """Return the edition of that period; an older one stays as it was."""
    project = subscription.project
    of_period: dict[str, Any] = {
        "project": project,
        "rhythm": rhythm_of(period),
        "ends_on": period.end.astimezone(subscription.plan.zone).date(),
    }
    known = Edition.objects.filter(**of_period).first()
    if known:
        return known
    letter = letter_to_all(project, review, subscription.timezone)
    pictures = keep_pictures(project, charts_in(letter, review), now=now)
    with transaction.atomic():
        edition, created = Edition.objects.get_or_create(  # "a_period_has_one_edition"
            **of_period,
            defaults={
                "start_at": period.start,
                "end_at": period.end,
                "subject": subject_of(review.headline, project.name),
                "letter": asdict(letter),
            },
        )
        if created:
            show_in_archive(edition, pictures)
    return edition


def note_sent(issue: Issue, *, now: datetime) -> None:
    """Show the issue's edition in the archive from now on, as it has reached somebody."""
    if issue.edition is not None and issue.edition.sent_at is None:
        Edition.objects.filter(pk=issue.edition.pk, sent_at=None).update(sent_at=now)
        issue.edition.sent_at = now


def letter_of(edition: Edition) -> Letter:
    """Return what the edition says."""
    return read_letter(edition.letter)


def read_letter(said: dict[str, Any]) -> Letter:
    """Return a letter as `asdict` wrote it, also if it is older than some parts of a letter."""
    return _built(Letter, said)


def _built(kind: Any, said: Any) -> Any:
    said = said if isinstance(said, dict) else {}
    hints = get_type_hints(kind)
    return kind(
        **{
            field.name: _value(hints[field.name], said.get(field.name))
            for field in fields(kind)
            if field.name in said or (field.default is field.default_factory is MISSING)
        }
    )


def _value(hint: Any, said: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [one for one in get_args(hint) if one is not type(None)]
        return None if said is None else _value(kinds[0], said)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in said or ())
    if is_dataclass(hint):
        return _built(hint, said)
    return str(said or "") if hint is str else said
