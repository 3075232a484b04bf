"""What a project's own past says of the feedback that is being linked: rows in, facts out."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project
from feedback.models import FeedbackItem
from learning.attribution import CURRENT_METHOD, NOTHING_KNOWN, Known
from learning.attribution_adoption import Seen
from learning.models import AttributionFit

# How long before, and of how many customers at most, the versions that they named are read.
SEEN_FOR = timedelta(days=120)
MOST_SEEN = 20_000


def versions_before(items: Sequence[FeedbackItem]) -> dict[int, str]:
    """Return what version its customer ran when they last wrote, by the item's primary key.

    Only those that name no version themselves are asked of, in one query.
    """
    asking = [item for item in items if item.customer_id and not item.version]
    if not asking:
        return {}
    last = max(item.said_at for item in asking)
    rows = (
        FeedbackItem.objects.heard()
        .filter(customer__in={item.customer_id for item in asking}, said_at__lt=last)
        .exclude(version="")
        .order_by("said_at", "pk")
        .values_list("customer", "said_at", "version")
    )
    earlier: dict[int, list[tuple[datetime, str]]] = {}
    for customer, said_at, version in rows.iterator(chunk_size=2000):
        earlier.setdefault(customer, []).append((said_at, version))
    found = {}
    for item in asking:
        assert item.customer_id is not None
        versions = [
            version for at, version in earlier.get(item.customer_id, ()) if at < item.said_at
        ]
        if versions:
            found[item.pk] = versions[-1]
    return found


def what_is_known(
    project: Project,
    items: Sequence[FeedbackItem],
    seen_of: Callable[[Iterable[tuple[datetime, str]]], Seen],
) -> Known:
    """Return what the project's own past says of `items`, in two queries."""
    times = [item.said_at for item in items]
    rows = list(
        FeedbackItem.objects.heard()
        .filter(project=project, said_at__gt=min(times) - SEEN_FOR, said_at__lt=max(times))
        .exclude(version="")
        .order_by("-said_at", "-pk")
        .values_list("said_at", "version")[:MOST_SEEN]
    )
    seen = seen_of(reversed(rows))
    fit = AttributionFit.objects.filter(project=project, method=CURRENT_METHOD).first()
    return known_from(fit.weights if fit else {}, seen)


def as_kept(known: Known) -> dict[str, Any]:
    """Return what was learned of how customers update, as AttributionFit keeps it."""
    return {"adoption": list(known.adoption), "sureness": list(known.sureness)}


def known_from(weights: dict[str, Any], seen: Seen) -> Known:
    """Return what is known, from the weights as AttributionFit keeps them."""
    return Known(
        seen=seen,
        adoption=tuple(weights.get("adoption") or NOTHING_KNOWN.adoption),
        sureness=tuple(weights.get("sureness") or NOTHING_KNOWN.sureness),
        trust=weights.get("trust") or {},
        none=weights.get("none") or 0.0,
    )
