"""The door of the page on which a file of samples is tried and read."""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import project_for
from accounts.forms import zone_choices
from accounts.models import Project, Role
from accounts.settings_pages import settings_context
from common.batches import columns_of, first_rows
from common.errors import IntakeReport, RowError
from common.pages import page_or_part
from common.tables import NotATable, Table
from dashboard.charts import NOTHING, Chart, history_chart
from deployments.models import Deployment
from engagement.file_values import FileValues, newest_values
from engagement.importer import guess_mapping, import_batches
from engagement.models import Metric

MAX_BYTES = 2 * 1024 * 1024
MOST_ROWS = 50_000  # a file that unpacks to more is read by manage.py
ERRORS_SHOWN = 10


@dataclass(slots=True)
class Read:
    """What became of a file's rows, or would; `problem` if it broke off."""

    mapping: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)  # columns that mean nothing to Wake
    report: IntakeReport = field(default_factory=IntakeReport)
    problem: str = ""
    newest: FileValues | None = None  # of what was only tried

    @property
    def first_errors(self) -> list[RowError]:
        """The refused rows that are shown, by their line in the file."""
        return self.report.errors[:ERRORS_SHOWN]


class SampleFileForm(forms.Form):
    """A file of samples, and what it does not say itself."""

    file = forms.FileField(
        label="CSV or JSON Lines file",
        help_text="With the columns metric, at and value; or numerator and denominator of a share.",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz"}),
    )
    metric = forms.CharField(
        max_length=100, required=False, help_text="The key for rows that name no metric."
    )
    timezone = forms.ChoiceField(choices=zone_choices, label="Time zone of times without an offset")

    def clean_file(self) -> UploadedFile:
        """Refuse what is better read without a browser waiting for it."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError("Up to 2 MB here; manage.py import_samples has no limit.")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
def sample_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Read a file of samples: try it, then store it. Reading it again changes nothing."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    known = {"timezone": project.timezone}
    if request.method == "POST":
        form = SampleFileForm(request.POST, request.FILES, initial=known)
    else:
        form = SampleFileForm(initial=known)
    read: Read | None = None
    if form.is_valid():
        dry_run = "test" in request.POST
        read = _read(project, form.cleaned_data, dry_run=dry_run)
        if not dry_run and not read.problem and not read.report.errors:
            done = read.report.created + read.report.updated
            messages.success(request, f"Read: {done:,} samples were new or other than before.")
            return redirect("metrics", slug)
    context = {**settings_context(request, project), "form": form, "read": read}
    context["is_tried"] = "test" in request.POST
    if read and read.newest:
        context |= {"chart": _chart(project, read.newest), "latest": read.newest.values[::-1]}
    return page_or_part(request, "dashboard/sample_file.html", "trial", context)


def _read(project: Project, said: dict[str, Any], *, dry_run: bool) -> Read:
    read, rows = Read(), 0
    try:
        look = Table(said["file"])
        columns = columns_of(first_rows(look))
        look.close()
        read.mapping = guess_mapping(columns)
        read.left_out = [column for column in columns if column not in read.mapping]
        said["file"].seek(0)
        if dry_run:
            read.newest = _newest(said, read.mapping)
        for batch in import_batches(
            Table(said["file"]),
            project=project,
            mapping=read.mapping,
            zone=ZoneInfo(said["timezone"]),
            now=timezone.now(),
            metric=said["metric"],
            dry_run=dry_run,
        ):
            read.report.add(batch.report)
            rows += batch.rows
            if rows >= MOST_ROWS:
                read.problem = (
                    f"Only its first {rows:,} rows were read; "
                    "manage.py import_samples reads longer files."
                )
                break
    except NotATable as reason:
        read.problem = str(reason)
    return read


def _newest(said: dict[str, Any], mapping: dict[str, str]) -> FileValues | None:
    table = Table(said["file"])
    try:
        return newest_values(
            table,
            mapping=mapping,
            zone=ZoneInfo(said["timezone"]),
            now=timezone.now(),
            metric=said["metric"],
            most_rows=MOST_ROWS,
        )
    except NotATable:  # whoever reads all of it says so
        return None
    finally:
        table.close()
        said["file"].seek(0)


def _chart(project: Project, newest: FileValues) -> Chart:
    """Return the chart of a file's newest values, with the ships of that time marked."""
    metric = Metric.objects.filter(project=project, key=newest.key).first()
    points = newest.with_gaps(NOTHING)
    ships = Deployment.objects.reaching_customers().filter(
        project=project, shipped_at__gte=points[0][0], shipped_at__lte=points[-1][0]
    )
    named = metric or Metric(project=project, key=newest.key, name=newest.key)
    return history_chart(named, points, ships.order_by("shipped_at", "pk")[:50])
