"""The finding that hardly anybody took up a ship: adoption in, what deserves attention out."""

from datetime import datetime, timedelta

from accounts.models import Project
from common.windows import WEEK
from deployments.models import Adoption
from learning.calibration import interval
from learning.findings import LATE, record
from learning.findings_rules import HIGHEST_BAR
from learning.findings_said import Found
from learning.models import Finding
from learning.verdict import percent

SINCE = WEEK  # so long customers had time
AT_ONCE = 200


def find_unused(project: Project, *, now: datetime) -> list[Finding]:
    """Save which ships hardly anybody has a week after they went live; return what is new.

    Safe to run twice. Of ships that Wake was told of long after the fact nothing is found.
    """
    new: list[Finding] = []
    rows = Adoption.objects.filter(
        deployment__in=project.deployments.reaching_customers(),
        deployment__rolled_back_at=None,
        deployment__shipped_at__gt=now - SINCE - LATE,
        deployment__shipped_at__lte=now - SINCE,
        measured_at__gt=now - timedelta(days=1),
        reached_at=None,
    ).select_related("deployment__environment")
    for row in rows.order_by("pk")[:AT_ONCE]:
        ship = row.deployment
        if ship.received_at - ship.shipped_at <= LATE and (found := unused(row, now=now)):
            new += record(project, ship, [found], now=now)
    return new


def unused(adoption: Adoption, *, now: datetime) -> Found | None:
    """Return the finding if the share is clearly below what was enough, or None.

    Clearly: so is the upper end of its 95 % interval (Wilson 1927), where the number of customers
    is known. The strength is how many times below.
    """
    ship, share = adoption.deployment, adoption.share
    upper = share if adoption.users is None else interval(share, adoption.users)[1]
    if upper >= adoption.threshold or adoption.users == 0:
        return None
    return Found(
        ship.pk,
        Finding.Kind.NOBODY_USES_IT,
        f"unused:{ship.pk}",
        f"{percent(share) if share else 'None'} of the customers have {ship.version}, "
        f"{(now - ship.shipped_at).days} days after it went live",
        {
            "share": share,
            "users": adoption.users,
            "threshold": adoption.threshold,
            "until": adoption.measured_until.isoformat(),
        },
        min(HIGHEST_BAR, adoption.threshold / max(upper, 1e-3)),
    )
