"""The section of a digest on what look-backs overturned, for those whom it concerns first."""

from accounts.models import Project
from dashboard.week import WeekInReview
from dashboard.week_voices import shortened
from digest.links import address, learning_url
from digest.parts import Item, Reader, Section
from learning.overturned import Overturned
from learning.verdict import Verdict

SHOWN = 3
LONGEST = 180


def overturned_section(project: Project, review: WeekInReview, reader: Reader) -> Section:
    """Return what was believed and no longer holds, the reader's own first."""
    mine_first = sorted(review.overturned, key=lambda one: not one.concerns(reader.user_id))
    items = tuple(_overturned(project, one, reader) for one in mine_first[:SHOWN])
    return Section(
        "Overturned by a look-back",
        items,
        len(review.overturned) - len(items),
        "learning",
        "",
        f"{address('learnings', project.slug)}?state=overturned",
        "overturned",
    )


def _overturned(project: Project, one: Overturned, reader: Reader) -> Item:
    now = Verdict(one.learning.verdict)
    lines = [
        f"{change.name}: {change.was or 'none'} before, {change.now or 'none'} now."
        for change in one.changes
        if change.name != "Method"
    ]
    return Item(
        title=shortened(one.learning.headline, LONGEST),
        url=learning_url(project, one.learning.pk),
        word=now.label,
        tone=now.value,
        lines=tuple(lines),
        note=one.concerns(reader.user_id) or _whose(one),
    )


def _whose(one: Overturned) -> str:
    said = [f"Shipped by {' and '.join(one.shippers[:3])}"] if one.shippers else []
    if one.confirmed_by:
        said.append(f"{'c' if said else 'C'}onfirmed before by {one.confirmed_by}")
    return ", ".join(said)
