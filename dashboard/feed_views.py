"""The doors of the settings pages on one gathered metric."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.models import Role
from accounts.settings_pages import settings_context
from common.pages import page_or_part
from common.windows import Window
from dashboard.charts import NOTHING, Chart, history_chart
from dashboard.source_forms import FeedForm, blank_feed
from dashboard.source_views import kind_or_404
from deployments.models import Deployment
from engagement.feeding import Trial, change_feed, gather_now, make_feed, switch_feed, try_feed
from engagement.models import Feed, Metric, Source
from learning.source_tasks import versions_for

MAX_FEEDS = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feed_new(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Add a metric to a source: fill in what is asked, see its last 24 hours, and save it."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    source = get_object_or_404(Source.objects.select_related("project"), project=project, pk=pk)
    if Feed.objects.filter(source__project=project).count() >= MAX_FEEDS:
        messages.error(request, f"A project gathers at most {MAX_FEEDS} metrics.")
        return redirect("settings_source", slug, pk)
    return _form(request, blank_feed(source))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feed_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change what is asked for a metric; its last 24 hours are seen before it is replaced."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    feeds = Feed.objects.select_related("source__project", "metric")
    return _form(request, get_object_or_404(feeds, source__project=project, pk=pk))


def _form(request: HttpRequest, feed: Feed) -> HttpResponse:
    source, now = feed.source, timezone.now()
    kind = kind_or_404(source)
    sent = request.POST if request.method == "POST" else None
    form = FeedForm(sent, feed=feed, kind=kind)
    trial: Trial | None = None
    chart: Chart | None = None
    if form.is_valid():
        filled = form.filled()
        if "test" not in request.POST:
            if feed.pk:
                change_feed(feed, filled, now=now)
                messages.success(request, "Saved. It holds from now on.")
            else:
                make_feed(source, filled, now=now)
                messages.success(request, "Added. Its history is gathered in the next minute.")
            return redirect("settings_source", source.project.slug, source.pk)
        trial = try_feed(feed, filled, now=now, versions=versions_for)
        chart = _chart(feed, filled.metric, trial)
    context = {
        **settings_context(request, source.project),
        "form": form,
        "kind": kind,
        "source": source,
        "feed": feed if feed.pk else None,
        "trial": trial,
        "chart": chart,
        "latest": trial.reading.points[::-1] if trial and trial.reading else [],
    }
    return page_or_part(request, "dashboard/feed_form.html", "trial", context)


def _chart(feed: Feed, facts: dict[str, Any], trial: Trial) -> Chart | None:
    """Return the chart of what a trial found, with its gaps, and the ships of that time marked."""
    if trial.reading is None or trial.window is None or not trial.reading.points:
        return None
    metric = Metric(project=feed.source.project, **facts)
    values = {point.at: point.value for point in trial.reading.points}
    buckets = range(int(trial.window.length / metric.resolution))
    times = [trial.window.start + number * metric.resolution for number in buckets]
    points = [(at, values.get(at, NOTHING)) for at in times]
    return history_chart(metric, points, _ships(feed, trial.window))


def _ships(feed: Feed, window: Window) -> list[Deployment]:
    ships = Deployment.objects.reaching_customers().filter(project=feed.source.project)
    within = ships.filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
    return list(within.order_by("shipped_at", "pk")[:50])


def _feed(request: HttpRequest, slug: str, pk: int) -> Feed:
    project = project_for(request.user, slug, at_least=Role.OWNER)
    feeds = Feed.objects.select_related("source", "metric")
    return get_object_or_404(feeds, source__project=project, pk=pk)


@require_POST
def feed_switch(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Pause the gathering of a metric, or let it go on."""
    feed, on = _feed(request, slug, pk), "on" in request.POST
    switch_feed(feed, on=on, now=timezone.now())
    told = "It goes on, from where it stopped." if on else "Paused until you let it go on."
    messages.success(request, told)
    return redirect("settings_source", slug, feed.source_id)


@require_POST
def feed_gather(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a worker gather a metric at once."""
    feed = _feed(request, slug, pk)
    if not feed.is_active:
        messages.error(request, "It is paused.")
    elif gather_now(feed, now=timezone.now()):
        messages.success(request, "A worker gathers in the next half minute.")
    else:
        messages.info(request, "The place asked to be left alone for a while; Wake keeps to that.")
    return redirect("settings_source", slug, feed.source_id)


@require_POST
def feed_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Gather a metric no more; it stays with its samples."""
    feed = _feed(request, slug, pk)
    feed.delete()
    messages.success(request, f"{feed.metric} is gathered no more. Its samples stay.")
    return redirect("settings_source", slug, feed.source_id)
