"""Finding what says the same as something that is known, and merging it at once.

Two things are one voice if they are alike (see `feedback.likeness`), give no other rating and no
other version, and either

- the same customer said both within two weeks, or
- the text is long, and both were said within a month: a copy in another place, or a chain letter.

Short texts of several customers are several voices, however alike: "great app" is meant by each.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from accounts.models import Project
from feedback.likeness import ALIKE, bands_of, is_long, likeness, shingles_of, words_of
from feedback.merging import kept_apart, note_merged
from feedback.models import Band, FeedbackItem

SAME_CUSTOMER = timedelta(days=14)
LONG_TEXT = timedelta(days=30)
# A chain letter may be filed a thousand times under one number; so many are compared.
MOST_COMPARED = 20
# What one batch reads of its customers' other words; a "guest" with millions of them is no person.
MOST_OF_CUSTOMERS = 5_000


@dataclass(eq=False)
class Print:
    """What a feedback is compared by, worked out when it is asked for."""

    item: FeedbackItem

    @cached_property
    def words(self) -> list[str]:
        """Its words, in order."""
        return words_of(self.item.text)

    @cached_property
    def shingles(self) -> frozenset[int]:
        """What its likeness to others is told by."""
        return shingles_of(self.words)

    @cached_property
    def bands(self) -> list[int]:
        """The numbers it is filed under, if its text is long."""
        return bands_of(self.shingles) if is_long(self.words) else []


@dataclass(slots=True)
class Known:
    """What a batch is compared with: by number, and by customer. Only heads of groups are in it."""

    by_band: dict[int, list[Print]] = field(default_factory=lambda: defaultdict(list))
    by_customer: dict[int, list[Print]] = field(default_factory=lambda: defaultdict(list))

    def add(self, one: Print, *, is_filed: bool = True) -> None:
        """Let what comes later be compared with `one`; by its numbers too if it `is_filed`."""
        if is_filed:
            for band in one.bands:
                self.by_band[band].append(one)
        if one.item.customer_id:
            self.by_customer[one.item.customer_id].append(one)

    def head_for(self, one: Print, apart: set[frozenset[int]]) -> tuple[FeedbackItem, str] | None:
        """Return the most alike that `one` is the same voice as, and why."""
        own = self.by_customer.get(one.item.customer_id or 0, [])[-MOST_COMPARED:]
        filed = {other for band in one.bands for other in self.by_band[band][:MOST_COMPARED]}
        found: list[tuple[float, FeedbackItem, str]] = []
        for other in dict.fromkeys((*own, *sorted(filed, key=lambda other: other.item.pk))):
            pair = frozenset((one.item.pk, other.item.pk))
            why = why_one(one.item, other.item, is_long=other in filed)
            if not why or pair in apart or len(pair) < 2:
                continue
            alike = likeness(one.shingles, other.shingles)
            if alike >= ALIKE:
                found.append((alike, other.item, why))
        best = max(found, key=lambda one: one[0], default=None)
        return best and (best[1], best[2])


def why_one(one: FeedbackItem, other: FeedbackItem, *, is_long: bool) -> str:
    """Return why two that are alike are one voice, or "" if they may well be two. Pure."""
    ratings, versions = (one.rating, other.rating), (one.version, other.version)
    if None not in ratings and abs(ratings[0] - ratings[1]) >= 1:  # type: ignore[operator]
        return ""  # they changed their mind
    if all(versions) and versions[0] != versions[1]:
        return ""  # it is so in the new version too
    apart = abs(one.said_at - other.said_at)
    if one.customer_id and one.customer_id == other.customer_id and apart <= SAME_CUSTOMER:
        return "The same customer said the same."
    if not is_long or apart > LONG_TEXT:
        return ""
    if one.source != other.source:
        return "The same long text, from another source."
    return "The same long text."


def merge_duplicates(
    project: Project,
    items: Sequence[FeedbackItem],
    *,
    edited: Iterable[int] = (),
    newcomers: Collection[int] = frozenset(),
    now: datetime,
) -> int:
    """Merge those of `items`, just stored, that say what is known; return how many that was.

    `edited` are the keys of those that were known before and whose words changed: one that others
    are merged into, or that is merged itself, stays what it is. `newcomers` are the keys of
    customers who said nothing before. The caller holds `lock_groups`.
    """
    edited = set(edited)
    candidates = [item for item in items if item.held_at is None and item.merged_into_id is None]
    prints = [one for one in map(Print, candidates) if one.words]
    prints.sort(key=lambda one: (one.item.said_at, one.item.pk))
    known = _known(project, prints, newcomers)
    apart = kept_apart(edited) if edited else set()
    heads = set(
        FeedbackItem.objects.filter(merged_into__in=edited).values_list("merged_into", flat=True)
        if edited
        else ()
    )
    merged: list[FeedbackItem] = []
    filed: list[Band] = []
    for one in prints:
        found = None if one.item.pk in heads else known.head_for(one, apart)
        if found:
            one.item.merged_into, one.item.merged_because = found
            one.item.merged_at = now
            merged.append(one.item)
            continue
        known.add(one)
        filed += [
            Band(project_id=project.pk, feedback_id=one.item.pk, value=band) for band in one.bands
        ]
    if edited:
        Band.objects.filter(feedback__in=edited).delete()
    Band.objects.bulk_create(filed, batch_size=2000)
    if merged:
        _store(merged, now)
    return len(merged)


def _known(project: Project, prints: list[Print], newcomers: Collection[int]) -> Known:
    known = Known()
    if not prints:
        return known
    fresh = {one.item.pk for one in prints}
    start = min(one.item.said_at for one in prints) - LONG_TEXT
    end = max(one.item.said_at for one in prints) + LONG_TEXT
    heard = FeedbackItem.objects.heard().filter(said_at__gte=start, said_at__lte=end)
    heard = heard.exclude(text="").only(
        "text", "rating", "version", "said_at", "customer", "source", "project"
    )
    wanted = {band for one in prints for band in one.bands}
    bands = Band.objects.filter(project=project, value__in=wanted)
    # Hardly anything is filed under the same number, so we look for that alone first.
    filed = set(bands.values_list("feedback", flat=True)) - fresh if wanted else set()
    rows = list(heard.filter(pk__in=filed)) if filed else []
    customers = {one.item.customer_id for one in prints if one.item.customer_id}
    if customers := customers.difference(newcomers):
        theirs = heard.filter(customer__in=customers).exclude(pk__in=fresh)
        rows += theirs.order_by("-said_at")[:MOST_OF_CUSTOMERS]
    for item in sorted({row.pk: row for row in rows}.values(), key=lambda row: row.said_at):
        known.add(Print(item), is_filed=item.pk in filed)
    return known


def _store(merged: list[FeedbackItem], now: datetime) -> None:
    FeedbackItem.objects.bulk_update(
        merged, ["merged_into", "merged_at", "merged_because"], batch_size=200
    )
    by_reason: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for item in merged:
        assert item.merged_into_id is not None
        by_reason[item.merged_because].append((item.pk, item.merged_into_id))
    for because, pairs in by_reason.items():
        note_merged(pairs, by=None, now=now, because=because)
