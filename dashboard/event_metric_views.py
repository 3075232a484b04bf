"""The doors by which a person says what a metric is made of."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.models import Project, Role
from common.errors import BadInput
from common.pages import page_or_part
from common.values import storable
from dashboard.charts import NOTHING, Chart, history_chart
from dashboard.event_metric_forms import EventMetricForm
from dashboard.reads.event_metrics import Change, change_of, ships_in, versions_seen
from engagement.event_defining import define_from_events, stop_working_out
from engagement.event_measures import Bucket
from engagement.event_notes import names_seen
from engagement.event_preview import Preview, preview
from engagement.event_words import length_in_words
from engagement.models import EventMetric


@dataclass(frozen=True, slots=True)
class Looked:
    """What the form as filled in would give, and what saving it would do."""

    found: Preview
    chart: Chart | None
    change: Change | None
    delay: str  # how long a value waits after its bucket, in words, or nothing

    @property
    def latest(self) -> list[Bucket]:
        """The values, newest first."""
        return self.found.buckets[::-1]

    @property
    def first(self) -> Bucket:
        """The oldest value that is shown."""
        return self.found.buckets[0]

    @property
    def last(self) -> Bucket:
        """The newest value that is shown."""
        return self.found.buckets[-1]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def metric_from_events(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a metric of events: choose, see the last 28 days while choosing, and save."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    return _form(request, project, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def metric_definition(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Change what a metric is made of, after seeing what that does."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    return _form(request, project, _row(project, key))


@require_POST
def metric_definition_remove(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Work a metric out no more; it stays, with its samples."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = _row(project, key)
    stop_working_out(row)
    messages.success(request, f"{row.metric} is no longer worked out. Its samples stay.")
    return redirect("metric", slug, row.metric.key)


def _row(project: Project, key: str) -> EventMetric:
    rows = EventMetric.objects.select_related("metric__project")
    return get_object_or_404(rows, metric__project=project, metric__key=storable(key))


def _form(request: HttpRequest, project: Project, row: EventMetric | None) -> HttpResponse:
    now = timezone.now()
    sent = request.POST if request.method == "POST" else None
    form = EventMetricForm(sent, row=row)
    looked: Looked | None = None
    if form.is_valid():
        if "save" in request.POST:
            answer = _save(request, project, form)
            if answer:
                return answer
        else:
            looked = _look(project, form, row)
    context: dict[str, Any] = {
        "project": project,
        "form": form,
        "row": row,
        "looked": looked,
        "seen": names_seen(project.pk, now=now) if not request.htmx else [],  # type: ignore[attr-defined]
        "environments": project.environments.order_by("name").values_list("name", flat=True),
        "services": project.services.order_by("name").values_list("name", flat=True),
        "versions": versions_seen(project),
        "base": settings.BASE_URL,
    }
    return page_or_part(request, "dashboard/event_metric_form.html", "preview", context)


def _save(request: HttpRequest, project: Project, form: EventMetricForm) -> HttpResponse | None:
    facts, definition = form.facts(), form.cleaned_data["definition"]
    revision = form.row.revision if form.row else None
    try:
        saved, _ = define_from_events(project, facts, definition, now=timezone.now())
    except BadInput as problem:
        form.refuse(problem)
        return None
    if revision == saved.revision:
        messages.success(request, "Saved. Its values stay as they are.")
    else:
        messages.success(request, "Saved. Its history is worked out in the next minute.")
    return redirect("metric", project.slug, saved.metric.key)


def _look(project: Project, form: EventMetricForm, row: EventMetric | None) -> Looked:
    asked, now = form.asked(project.pk), timezone.now()
    found = preview(asked, now=now)
    change = change_of(row, asked, now=now) if row else None
    delay = length_in_words(asked.delay) if asked.delay else ""
    return Looked(found, _chart(project, form, found), change, delay)


def _chart(project: Project, form: EventMetricForm, found: Preview) -> Chart | None:
    """Return the chart of what was found, with its gaps, and the ships of that time marked."""
    if found.window is None or not any(one.value for one in found.buckets):
        return None
    metric = form.metric(project.pk)
    metric.project = project
    values = {one.at: one.value for one in found.buckets}
    buckets = range(int(found.window.length / metric.resolution))
    times = [found.window.start + number * metric.resolution for number in buckets]
    points = [(at, values.get(at, NOTHING)) for at in times]
    return history_chart(metric, points, ships_in(project, found.window))
