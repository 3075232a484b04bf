"""The door of a webhook's field mapping: write it, try it on a sample, save it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import project_for
from accounts.models import Role
from accounts.settings_pages import settings_context
from common.bodies import laid_out
from common.errors import BadInput
from common.expressions import MAX_EXPRESSION, check_expression
from common.pages import page_or_part
from feedback.calls import Reading, read_call, replay_unreadable
from feedback.connections import TriedRow, change_mapping, try_rows
from feedback.connectors.webhook import FIELDS, PRESETS, mapping_of
from feedback.models import Call, Connection

OFFERED = 10
MAX_SAMPLE = 200_000
_LABELS = {"only_when": "Only when", "items": "Items", "id": "ID", "url": "URL"}


class MappingForm(forms.Form):
    """One JMESPath expression for each field of a feedback, and a sample to try them on."""

    sample = forms.CharField(
        required=False,
        max_length=MAX_SAMPLE,
        label="Or paste a sample of its JSON",
        widget=forms.Textarea({"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, help_text in FIELDS.items():
            self.fields[name] = forms.CharField(
                required=False,
                max_length=MAX_EXPRESSION,
                label=_LABELS.get(name, name.replace("_", " ").capitalize()),
                help_text=help_text,
                widget=forms.TextInput({"spellcheck": "false", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse expressions that cannot be read, and a mapping that finds nothing said."""
        said = super().clean() or {}
        found = {name: said[name] for name in FIELDS if said.get(name)}
        for name, expression in found.items():
            try:
                check_expression(name, expression)
            except BadInput as reason:
                self.add_error(name, f"{reason.problem} {reason.mend}")
        if found and not {"text", "rating"} & set(found) and not self.errors:
            self.add_error("text", "Feedback needs a text or a rating.")
        return said

    def mapping(self) -> dict[str, str]:
        """Return the expressions that were given, once the form is valid."""
        return {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data.get(name)}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Write a field mapping; it is tried on a call that came in, or a pasted sample."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    connection = get_object_or_404(
        Connection.objects.select_related("project"), project=project, pk=pk, kind="webhook"
    )
    preset = request.GET.get("preset", "")
    known = PRESETS[preset][1] if preset in PRESETS else mapping_of(connection.options)
    form = MappingForm(request.POST if request.method == "POST" else None, initial=known)
    written = known
    if request.method == "POST":
        written = form.mapping() if form.is_valid() else {}
        if form.is_valid() and "save" in request.POST:
            return _save(request, connection, written)
    recent = list(connection.calls.order_by("-received_at", "-pk")[:OFFERED])
    chosen = request.POST.get("call") or request.GET.get("call") or ""
    call = next((one for one in recent if str(one.pk) == chosen), recent[0] if recent else None)
    sample = form.data.get("sample", "").strip() if form.is_bound else ""
    context = {
        **settings_context(request, project),
        "connection": connection,
        "form": form,
        "presets": [(name, label) for name, (label, _) in PRESETS.items()],
        "preset": preset,
        "recent": recent,
        "call": call,
        "payload": laid_out(bytes(call.body), call.headers) if call and not sample else "",
        **_outcome(connection, written, call, sample),
    }
    return page_or_part(request, "feedback/connection_mapping.html", "trial", context)


def _outcome(
    connection: Connection, written: dict[str, str], call: Call | None, sample: str
) -> dict[str, Any]:
    """Return what the mapping makes of the sample, or of the call if there is none."""
    now = timezone.now()
    options = {**connection.options, "mapping": written, "preset": ""}
    tried = Connection(project=connection.project, kind=connection.kind, options=options)
    reading: Reading | None = None
    rows: list[TriedRow] = []
    if sample:
        reading = read_call(tried, headers={}, body=sample.encode("utf-8", "replace"), now=now)
    elif call:
        headers = {str(name): str(value) for name, value in call.headers.items()}
        reading = read_call(tried, headers=headers, body=bytes(call.body), now=call.received_at)
    if reading:
        rows = try_rows(tried, reading.rows, now=now)
    return {
        "reading": reading,
        "rows": rows,
        "more": len(reading.rows if reading else ()) - len(rows),
    }


def _save(request: HttpRequest, connection: Connection, written: dict[str, str]) -> HttpResponse:
    change_mapping(connection, written)
    messages.success(request, "The field mapping is saved. It holds from now on.")
    if "replay" in request.POST:
        connection.refresh_from_db()
        waiting, mended = replay_unreadable(connection)
        if waiting:
            messages.info(request, f"{mended} of {waiting} kept calls could be read with it.")
    return redirect("settings_connection", connection.project.slug, connection.pk)
