"""The charts of a digest: drawn once, kept with what was sent, shown by mails and by pages."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet, RestrictedError

from accounts.models import Project
from common.mail import host
from dashboard.chart_letters import left_out
from dashboard.chart_png import IN_A_MAIL, Theme, chart_png
from dashboard.charts import Chart
from dashboard.week import WeekInReview
from dashboard.week_chart import WeekChart
from digest.models import ChartPicture, Edition, EditionChart, Issue, IssueChart
from digest.parts import Letter, Picture

DRAWING = "2"  # to be counted up when charts are drawn in another way
UNUSED = timedelta(days=1)
AT_ONCE = 500  # pictures that are swept by one statement
_CID = re.compile(r"cid:([0-9a-f]{64})@[^\"'\s]+")


@dataclass(frozen=True, slots=True)
class MailChart:
    """A chart that a mail shows; drawing it takes a moment, so that comes when it is needed."""

    chart: Chart
    theme: Theme
    fingerprint: str

    @property
    def cid(self) -> str:
        """Its Content-ID (RFC 2392), without angle brackets."""
        return cid_of(self.fingerprint)


def cid_of(fingerprint: str) -> str:
    """Return the Content-ID of the picture of that fingerprint."""
    return f"{fingerprint}@{host()}"


def picture_of(review: WeekInReview) -> Picture | None:
    """Return the week's chart as the letter names it; nothing is drawn."""
    if review.chart is None:
        return None
    light, dark = (one.fingerprint for one in _both(review.chart))
    chart = review.chart.chart
    return Picture(chart.alt, light, dark, left_out(chart))


def charts_in(letter: Letter, review: WeekInReview) -> tuple[MailChart, ...]:
    """Return the charts that the letter shows, undrawn."""
    shown = any(item.picture for section in letter.sections for item in section.items)
    return _both(review.chart) if review.chart and shown else ()


def drawn(project: Project, charts: Sequence[MailChart]) -> dict[str, bytes]:
    """Return each chart as a PNG by its Content-ID: as it is kept, or drawn now. One query."""
    kept = _kept(project, [one.fingerprint for one in charts])
    return {
        one.cid: bytes(kept[one.fingerprint].png) if one.fingerprint in kept else _draw(one)
        for one in charts
    }


def keep_pictures(
    project: Project, charts: Sequence[MailChart], *, now: datetime
) -> dict[str, ChartPicture]:
    """Keep each chart as a picture, drawn if it is new; return them by their Content-ID."""
    if not charts:
        return {}
    rows = _rows(project, [one.fingerprint for one in charts]).defer("png")
    kept = {row.fingerprint: row for row in rows}
    for one in charts:
        if one.fingerprint not in kept:
            kept[one.fingerprint], _ = ChartPicture.objects.get_or_create(
                project=project,  # UniqueConstraint "a_chart_is_drawn_once_per_project"
                fingerprint=one.fingerprint,
                defaults={"png": _draw(one), "alt": one.chart.alt, "drawn_at": now},
            )
    return {one.cid: kept[one.fingerprint] for one in charts}


def show_in(issue: Issue, pictures: Mapping[str, ChartPicture]) -> None:
    """Note which pictures the issue's mail shows."""
    IssueChart.objects.bulk_create(
        IssueChart(issue=issue, picture=picture, cid=cid) for cid, picture in pictures.items()
    )


def show_in_archive(edition: Edition, pictures: Mapping[str, ChartPicture]) -> None:
    """Note which pictures the edition shows, whether or not a mail shows them too."""
    EditionChart.objects.bulk_create(
        EditionChart(edition=edition, picture=picture) for picture in pictures.values()
    )


def sweep_pictures(*, now: datetime) -> int:
    """Delete the pictures that no mail and no edition shows any more; return how many."""
    # Young ones may be of a digest that is being written.
    left = ChartPicture.objects.filter(
        ~Exists(IssueChart.objects.filter(picture=OuterRef("pk"))),
        ~Exists(EditionChart.objects.filter(picture=OuterRef("pk"))),
        drawn_at__lt=now - UNUSED,
    )
    gone = 0
    while keys := list(left.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            gone += left.filter(pk__in=keys).delete()[0]
        except (RestrictedError, IntegrityError):
            return gone  # one of them is shown again since: the others go the next time
    return gone


def charts_of_issue(issue: Issue) -> dict[str, bytes]:
    """Return the PNGs that belong to the issue's mail, by their Content-ID, in one query."""
    rows = issue.charts.select_related("picture").order_by("pk")
    return {row.cid: bytes(row.picture.png) for row in rows}


def shown_on_a_page(project: Project, html: str, charts: Iterable[MailChart] = ()) -> str:
    """Return a mail's HTML so that a browser shows its charts: their bytes stand in it.

    Those of kept mails are found by their names; `charts` are those of a mail that is not kept
    yet. The page must allow `data:` in `img-src`. A picture that is nowhere leaves its words.
    """
    names = {cid_of(name): name for name in _CID.findall(html)}
    kept = _kept(project, names.values()) if names else {}
    fresh = {one.fingerprint: one for one in charts}

    def shown(found: re.Match[str]) -> str:
        name = found[1]
        if name in kept:
            png = bytes(kept[name].png)
        elif name in fresh:
            png = _draw(fresh[name])
        else:
            return "data:,"
        return f"data:image/png;base64,{b64encode(png).decode()}"

    return _CID.sub(shown, html)


def _kept(project: Project, fingerprints: Iterable[str]) -> dict[str, ChartPicture]:
    return {row.fingerprint: row for row in _rows(project, fingerprints)}


def _rows(project: Project, fingerprints: Iterable[str]) -> QuerySet[ChartPicture]:
    return ChartPicture.objects.filter(project=project, fingerprint__in=list(fingerprints))


def _draw(one: MailChart) -> bytes:
    return chart_png(one.chart, theme=one.theme, size=IN_A_MAIL)


def _both(of_week: WeekChart) -> tuple[MailChart, MailChart]:
    return _named(of_week, "light"), _named(of_week, "dark")


def _named(of_week: WeekChart, theme: Theme) -> MailChart:
    said = f"{DRAWING} {theme} {IN_A_MAIL} {of_week.fingerprint}"
    return MailChart(of_week.chart, theme, hashlib.sha256(said.encode()).hexdigest())
