"""Learnings that a look-back overturned: what changed, whom it concerns, and that they know."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Project, User
from common.windows import Window
from learning.grounds import Changed, grounds_of, numbers_changed
from learning.models import Learning


@dataclass(frozen=True, slots=True)
class Overturned:
    """A learning of which a look-back came to another verdict."""

    learning: Learning  # what Wake says now
    was: Learning  # what the team had confirmed
    changes: list[Changed]  # the old and the new numbers side by side
    shippers: tuple[str, ...]
    shipper_ids: tuple[int, ...]

    @property
    def confirmed_by(self) -> str:
        """Who had confirmed what it overturns."""
        return str(self.was.confirmed_by) if self.was.confirmed_by else ""

    def concerns(self, user_id: int | None) -> str:
        """Return why it concerns that person, as words, or nothing if it does not."""
        if user_id is None:
            return ""
        said = ["shipped it"] if user_id in self.shipper_ids else []
        said += ["confirmed what it overturns"] if user_id == self.was.confirmed_by_id else []
        return f"You {' and '.join(said)}" if said else ""


def overturned_in(project: Project, window: Window) -> list[Overturned]:
    """Return what look-backs overturned in the window, newest first, in five queries at most."""
    rows = (
        Learning.objects.current()
        .overturning()
        .filter(project=project, drafted_at__gte=window.start, drafted_at__lt=window.end)
    )
    return _told(rows)


def overturned_for(user: User, project: Project) -> list[Overturned]:
    """Return what was overturned, concerns `user`, and waits for somebody to confirm it."""
    rows = Learning.objects.current().overturning()
    rows = rows.filter(project=project, state=Learning.State.DRAFT)
    return [one for one in _told(rows) if one.concerns(user.pk)]


def _told(rows: "QuerySet[Learning]") -> list[Overturned]:
    found = list(
        rows.select_related("deployment", "supersedes__confirmed_by")
        .prefetch_related("deployment__shippers__user")
        .order_by("-drafted_at", "-pk")[:50]
    )
    if not found:
        return []
    pairs = [(row, row.supersedes) for row in found if row.supersedes]
    grounds = grounds_of([version for pair in pairs for version in pair])
    return [_overturned(now, was, numbers_changed(was, now, grounds)) for now, was in pairs]


def _overturned(now: Learning, was: Learning, changes: list[Changed]) -> Overturned:
    shippers = now.deployment.shippers.all()
    return Overturned(
        learning=now,
        was=was,
        changes=changes,
        shippers=tuple(str(one) for one in shippers),
        shipper_ids=tuple(one.user_id for one in shippers if one.user_id),
    )


def note_told(project: Project, window: Window, *, now: datetime) -> int:
    """Note that what was overturned in the window is told; return how many were news.

    Whoever changes the row has told it, so that of many digests one is the first.
    """
    return int(
        Learning.objects.filter(
            pk__in=Learning.objects.current()
            .overturning()
            .filter(project=project, drafted_at__gte=window.start, drafted_at__lt=window.end)
            .values("pk"),
            overturned_told_at=None,
        ).update(overturned_told_at=now)
    )
