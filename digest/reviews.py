"""The week as many readers are told it: read once for all whose digests tell of the same time."""

from datetime import datetime

from accounts.models import Project
from common.windows import Window
from dashboard.week import WeekInReview, week_in_review


class Reviews:
    """Lends out the last week that was read; whoever sends many digests in a row keeps one.

    Nothing in a review is of one reader. One that is kept for minutes says what the first of them
    was told: so all readers of a project are told the same.
    """

    def __init__(self) -> None:
        self._last: tuple[int, Window] | None = None
        self._review: WeekInReview | None = None

    def of(self, project: Project, period: Window, *, now: datetime) -> WeekInReview:
        """Return the project's review of that period, read at `now` or a little earlier."""
        if self._review is None or self._last != (project.pk, period):
            self._review = week_in_review(project, week=period, now=now)
            self._last = (project.pk, period)
        return self._review
