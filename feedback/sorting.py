"""Making feedback of what was said: at once, or a moment later of what a rush left in the journal.

Whoever sorts holds the lock on the project's groups, and takes what is sorted out of the journal in
the transaction that stores it. So it is sorted once, whoever else is at it, and a worker that is
killed half-way has done nothing.
"""

import logging
import time
import traceback
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Project
from common.errors import IntakeReport
from feedback.arrivals import put
from feedback.intake import save_said
from feedback.merging import lock_groups, try_lock_groups
from feedback.models import Arrival, FeedbackItem
from feedback.rows import Said, said_again

logger = logging.getLogger(__name__)

# On SQLite nobody else writes while a batch is stored, so it is a small one.
AT_ONCE, AT_ONCE_ON_SQLITE = 200, 50
# What cannot be sorted is tried again after so long, twice as long each time, and at last each day.
FIRST_TRY, LAST_TRY = timedelta(minutes=1), timedelta(days=1)
LOOK_EVERY, _looked_at = 1.0, 0.0  # seconds
PATIENCE, PAUSE = 20, 0.1  # how often a worker tries to get a lock that others hold, and seconds


def take_now(
    project: Project, said: Collection[Said], report: IntakeReport, now: datetime
) -> tuple[list[FeedbackItem], set[int]]:
    """Save what was read, wholly and at once, and count it in `report`; every key occurs once.

    Return what is stored of it, and the keys of what is new.
    """
    with transaction.atomic():
        lock_groups(project.pk)
        # Whoever puts the same in the journal at this moment waits, and then finds it known.
        new = put(project.pk, said, now=now, tell_ids=False)
        there = _under(project, said)
        if came_before := [row for row in there if (row.source, row.external_id) not in new]:
            _store(project, came_before, now)
        Arrival.objects.filter(pk__in=[row.pk for row in there]).delete()
        return save_said(project, said, report, now)


def _under(project: Project, said: Iterable[Said]) -> list[Arrival]:
    keys = {(one.source, one.external_id) for one in said}
    rows = _waiting(project).filter(
        source__in={source for source, _ in keys}, external_id__in={name for _, name in keys}
    )
    return [row for row in rows if (row.source, row.external_id) in keys]


def sort_waiting(*, now: datetime, seconds: float = 45.0) -> tuple[int, bool]:
    """Sort what waits, project by project in turn; return how many rows, and whether more wait.

    It ends when all is sorted, or after so many `seconds`. Where others hold the lock it comes
    again; if they keep holding it, they are sorting themselves.
    """
    ends, count, patience = time.monotonic() + seconds, 0, PATIENCE
    while projects := _projects(now):
        sorted_now = 0
        while projects and time.monotonic() < ends:
            _keep_statistics()
            done = {one.pk: _sort_some(one, now, can_wait=False) for one in projects}
            sorted_now += sum(done.values())
            projects = [one for one in projects if done[one.pk]]
            if connection.vendor == "sqlite":
                time.sleep(PAUSE / 2)  # or calls that want to store something would never get to it
        count += sorted_now
        patience -= not sorted_now
        if time.monotonic() >= ends or not patience:
            return count, True
        if not sorted_now:
            time.sleep(PAUSE)
    # The database does not see to it that these go with their project.
    Arrival.objects.exclude(project__in=Project.objects.all()).delete()
    return count, False


def _keep_statistics() -> None:
    """Let PostgreSQL look at the feedback as soon as much came, not only a minute later.

    Until it has, it may look for what is known by an index that holds all of a source.
    """
    global _looked_at
    if connection.vendor != "postgresql":
        return
    if time.monotonic() < _looked_at + LOOK_EVERY:
        return
    _looked_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_mod_since_analyze > 200 + n_live_tup / 4 FROM pg_stat_user_tables "
            "WHERE relid = 'feedback_feedbackitem'::regclass"
        )
        found = cursor.fetchone()
        if found and found[0]:
            cursor.execute("ANALYZE feedback_feedbackitem")


def settle(project: Project, *, now: datetime, only: Q | None = None) -> int:
    """Sort what waits of a project at this moment, and return how many that was.

    Whoever reads exact things does this first. With `only`, just the arrivals that fulfil it.
    """
    last = _waiting(project).order_by("-pk").values_list("pk", flat=True).first()
    wanted = Q(pk__lte=last or 0) & (only or Q())
    count = 0
    while batch := _sort_some(project, now, wanted):
        count += batch
    return count


def _projects(now: datetime) -> list[Project]:
    due = _due(Arrival.objects.filter(project=OuterRef("pk")), now)
    return list(Project.objects.filter(Exists(due)).order_by("pk"))


def _waiting(project: Project) -> QuerySet[Arrival]:
    return Arrival.objects.filter(project=project)


def _due(rows: QuerySet[Arrival], now: datetime) -> QuerySet[Arrival]:
    return rows.filter(Q(due_at=None) | Q(due_at__lte=now))


def _sort_some(
    project: Project, now: datetime, wanted: Q | None = None, *, can_wait: bool = True
) -> int:
    rows = _due(_waiting(project).filter(wanted or Q()), now).order_by("pk")
    most = AT_ONCE if connection.vendor == "postgresql" else AT_ONCE_ON_SQLITE
    taken: list[Arrival] = []
    try:
        with transaction.atomic():
            if can_wait:
                lock_groups(project.pk)
            elif not try_lock_groups(project.pk):
                return 0
            taken = list(rows[:most])
            _store(project, taken, now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not a row's
    except Exception as problem:
        # Where it went wrong, but not the message: that may quote what customers said.
        where = "".join(traceback.format_tb(problem.__traceback__)[-3:])
        logger.error("Feedback could not be sorted (%s):\n%s", type(problem).__name__, where)
        return _sort_singly(project, taken, now)
    return len(taken)


def _sort_singly(project: Project, rows: Sequence[Arrival], now: datetime) -> int:
    # One that cannot be sorted holds up no other, and is not lost: it is tried again later.
    for row in rows:
        try:
            with transaction.atomic():
                lock_groups(project.pk)
                _store(project, list(_waiting(project).filter(pk=row.pk)), now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as problem:
            wait = min(FIRST_TRY * 2 ** min(row.tries, 20), LAST_TRY)
            Arrival.objects.filter(pk=row.pk).update(
                tries=row.tries + 1, due_at=now + wait, problem=type(problem).__name__[:300]
            )
    return len(rows)


def _store(project: Project, rows: Sequence[Arrival], now: datetime) -> None:
    """Make feedback of what is in the journal, and take it out; the caller holds the lock."""
    keys = [row.pk for row in rows]
    # An id is taken only if the table's counter was set back, by restoring a part of the database.
    taken = set(FeedbackItem.objects.filter(pk__in=keys).values_list("pk", flat=True))
    said = [_said(row, keeps_id=row.pk not in taken) for row in rows]
    save_said(project, said, IntakeReport(), now)
    Arrival.objects.filter(pk__in=keys).delete()


def _said(row: Arrival, *, keeps_id: bool) -> Said:
    return said_again(
        row.said,
        source=row.source,
        external_id=row.external_id,
        received_at=row.received_at,
        promised_id=row.pk if keeps_id else None,
    )
