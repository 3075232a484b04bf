"""What visitors write on the team's own pages: taking it in, by the widget or the form page."""

from datetime import datetime, timedelta

from django.db.models import F
from django.http import Http404

from feedback.connectors.base import Row
from feedback.intake import submit_feedback
from feedback.limits import spend
from feedback.models import Connection
from feedback.taking import note_arrival

KIND = "widget"
SPAN = timedelta(minutes=10)
# A school or an office shares one address; a whole site has a good day now and then.
MOST_OF_A_PLACE = 30
MOST_OF_A_SITE = 1_000


class TooMany(Exception):
    """More came than is taken in a while; `wait` is how long until more is."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many messages came from here just now.")
        self.wait = wait


def open_connection(key: str) -> Connection:
    """Return the widget's connection that has this key and is switched on, or raise Http404."""
    found = Connection.objects.select_related("project").filter(kind=KIND, key=key, is_active=True)
    connection = found.first()
    if connection is None:
        raise Http404("Nothing has this key.")
    return connection


def take_message(
    connection: Connection, row: Row, *, waited: timedelta, sender: str, now: datetime
) -> bool:
    """Store a message once; return False if it was known by its id. Raises TooMany, or BadInput.

    A message that is known is never changed: who sends is not proven, so nobody may rewrite.
    `sender` is the network address it came from, of which nothing is kept.
    """
    row = {**row, "created_at": (now - waited).isoformat()}
    if "id" in row:
        row["id"] = f"{connection.pk}:{row['id']}"
        if connection.project.feedback.filter(source=KIND, external_id=row["id"]).exists():
            return False
    _check_limits(connection, sender, now)
    report = submit_feedback(
        project=connection.project, rows=[row], now=now, source=KIND, connection=connection
    )
    if report.errors:
        raise report.errors[0].error
    note_arrival(connection, report.created, now=now)
    Connection.objects.filter(pk=connection.pk).update(worked_at=now)
    return report.created == 1


def _check_limits(connection: Connection, sender: str, now: datetime) -> None:
    limits = {f"{connection.pk} {sender}": MOST_OF_A_PLACE, f"{connection.pk}": MOST_OF_A_SITE}
    for who, most in limits.items():
        wait = spend(who, most=most, span=SPAN, now=now)
        if wait:
            raise TooMany(wait)


def note_refusal(connection: Connection, *, now: datetime) -> None:
    """Count a message that came from a site that is not listed, for the connection's page."""
    Connection.objects.filter(pk=connection.pk).update(
        refused_count=F("refused_count") + 1, refused_at=now
    )
