"""The door for learnings as a file."""

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import project_for
from learning.exporting import FORMATS
from learning.library import LibraryFilter


@require_safe
def learnings_export(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Send what the library's filters leave as a file: `format` is csv, jsonl or markdown."""
    project = project_for(request.user, slug)
    chosen = FORMATS.get(request.GET.get("format", "csv"))
    if chosen is None:
        raise Http404("No such format.")
    wanted = LibraryFilter(request.GET, project=project, now=timezone.now())
    name = f"{project.slug}-learnings.{chosen.suffix}"
    return StreamingHttpResponse(
        chosen.write(wanted.learnings()),
        content_type=chosen.content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
