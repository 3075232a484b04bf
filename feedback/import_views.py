"""The doors of the import page: a file is sent, its columns are named, a worker reads it."""

import csv
import logging
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import get_valid_filename, slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.access import project_for
from accounts.models import Project, Role, User
from common.pages import page_or_part
from common.tables import NotATable
from common.values import storable
from feedback.import_forms import ColumnsForm, FileForm
from feedback.importer import MAX_ERRORS, Preview, preview, queue
from feedback.models import Import
from feedback.tasks import run_import

logger = logging.getLogger(__name__)
LISTED = 20


@require_http_methods(["GET", "HEAD", "POST"])
def import_feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a file of feedback, or list the files that were imported before."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    sent = request.method == "POST"
    form = FileForm(request.POST, request.FILES) if sent else FileForm()
    if sent and form.is_valid():
        assert isinstance(request.user, User)
        row = _keep(project, request.user, form.cleaned_data["file"])
        return redirect("import_progress", slug=slug, pk=row.pk)
    imports = project.imports.select_related("user").order_by("-created_at", "-pk")[:LISTED]
    context = {
        "project": project,
        "form": form,
        "imports": imports,
        "most": settings.MAX_UPLOAD_BYTES,
    }
    return render(request, "feedback/import.html", context)


def _keep(project: Project, user: User, file: UploadedFile) -> Import:
    name = storable(file.name or "feedback")
    row = Import(project=project, user=user, name=name[:200], zone=project.timezone)
    row.source = slugify(name.split(".")[0]).replace("-", "_")[:40] or "import"
    row.bytes_total = file.size or 0
    row.file.save(get_valid_filename(name[-80:] or "feedback"), file, save=False)
    row.save()
    return row


@require_safe
def import_progress(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask what a file's columns mean, show how far its import is, or what became of it."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Import.objects.select_related("user"), project=project, pk=pk)
    if row.state == Import.State.UPLOADED:
        return _ask_for_columns(request, project, row)
    if "columns" in request.GET and may_be_started(row):
        return _ask_for_columns(request, project, row)
    context = {
        "project": project,
        "row": row,
        "is_moving": row.state in (Import.State.QUEUED, Import.State.RUNNING),
        "may_start": may_be_started(row),
        "max_errors": MAX_ERRORS,
        "errors_shown": row.report.get("errors", [])[:50],
    }
    return page_or_part(request, "feedback/import_progress.html", "progress", context)


def may_be_started(row: Import) -> bool:
    """Return True if the file can be read now: it waits for that, was only tried, or failed."""
    if row.state == Import.State.DONE:
        return row.dry_run
    return row.state in (Import.State.UPLOADED, Import.State.FAILED)


def _found(row: Import) -> Preview:
    with row.file.open("rb") as file:
        return preview(file)


def _ask_for_columns(
    request: HttpRequest, project: Project, row: Import, form: ColumnsForm | None = None
) -> HttpResponse:
    if form is None:
        try:
            found = _found(row)
        except (NotATable, OSError) as reason:
            return _file_is_gone(request, project, reason)
        form = ColumnsForm(
            found=found,
            mapping=row.mapping or found.mapping,
            initial={
                "source": row.source,
                "zone": row.zone,
                "rating_scale": row.rating_scale,
                "dry_run": row.dry_run,
            },
        )
    context = {"project": project, "row": row, "form": form}
    return render(request, "feedback/import_columns.html", context)


def _file_is_gone(request: HttpRequest, project: Project, reason: Exception) -> HttpResponse:
    said = str(reason) if isinstance(reason, NotATable) else "The file is gone. Send it again."
    messages.error(request, said)
    return redirect("import_feedback", slug=project.slug)


@require_POST
def import_start(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a worker read the file, with its columns as they are named here."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Import, project=project, pk=pk)
    if not may_be_started(row):
        messages.info(request, "This file is being read, or has been.")
        return redirect("import_progress", slug=slug, pk=pk)
    if "again" in request.POST:  # the columns stay as they were when it was tried
        row.dry_run = False
    else:
        try:
            found = _found(row)
        except (NotATable, OSError) as reason:
            return _file_is_gone(request, project, reason)
        form = ColumnsForm(request.POST, found=found, mapping=row.mapping)
        if not form.is_valid():
            return _ask_for_columns(request, project, row, form)
        row.mapping = form.mapping()
        row.source, row.zone = form.cleaned_data["source"], form.cleaned_data["zone"]
        row.rating_scale = form.cleaned_data["rating_scale"]
        row.dry_run = form.cleaned_data["dry_run"]
    _start(row)
    return redirect("import_progress", slug=slug, pk=pk)


def _start(row: Import) -> None:
    with transaction.atomic():
        row.report, row.bytes_done, row.finished_at, row.claimed_at = {}, 0, None, None
        row.save(update_fields=["report", "bytes_done", "finished_at", "claimed_at"])
        queue(row)
        transaction.on_commit(partial(_ring, row.pk))


def _ring(import_id: int) -> None:
    try:
        run_import.delay(import_id=import_id)
    except (OperationalError, OSError) as reason:
        # The row is what counts: the next bell for queued imports takes it up.
        logger.warning("The broker cannot be reached (%s); the import starts later.", reason)


@require_safe
def import_refused(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Return the refused rows as CSV: the line in the file, the field, what is wrong, the mend."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Import, project=project, pk=pk)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="refused-{row.pk}.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(["line", "field", "problem", "mend"])
    for error in row.report.get("errors", []):
        words = [str(error.get(name, "")) for name in ("field", "message", "mend")]
        writer.writerow([error.get("line"), *map(_harmless, words)])
    return response


def _harmless(cell: str) -> str:
    # A sheet would run a cell that starts like this as a formula, and the words are a customer's.
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
