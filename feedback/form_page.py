"""The form page: the widget's questions on a page of Wake's own, for those without scripts.

It sets no cookie and knows no session, so a page of another site that posts here gains nothing
that it could not do by itself; CSRF protection would only shut out those who refuse cookies.
"""

import math
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.callers import address_of
from common.errors import BadInput
from feedback.connectors.widget import (
    MAX_TEXT,
    QUESTION,
    bare_page,
    may_send,
    read_message,
    settings_for_page,
)
from feedback.messages import TooMany, note_refusal, open_connection, take_message
from feedback.models import Connection
from feedback.widget import small_body

SALT = "feedback.form_page"
RATINGS = (("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5"))


class MessageForm(forms.Form):
    """What is asked of a visitor, and what the page's address already said."""

    text = forms.CharField(
        label="Your message",
        max_length=MAX_TEXT,
        required=False,
        widget=forms.Textarea({"rows": 6, "dir": "auto"}),
    )
    rating = forms.ChoiceField(
        label="How do you like it?", choices=RATINGS, required=False, widget=forms.RadioSelect
    )
    mail = forms.EmailField(
        label="Mail address",
        max_length=254,
        required=False,
        help_text="Only if you want an answer.",
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    website = forms.CharField(
        required=False, widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"})
    )
    ticket = forms.CharField(required=False, widget=forms.HiddenInput)
    version = forms.CharField(required=False, widget=forms.HiddenInput)
    page = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asked: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("rating", "mail"):
            if not asked[name]:
                del self.fields[name]

    def said(self, now: datetime) -> dict[str, Any]:
        """Return the message as the widget would send it."""
        words = self.cleaned_data
        names = ("text", "rating", "mail", "version", "website")
        said = {name: words.get(name) for name in names if words.get(name)}
        said["url"] = words["page"]
        try:
            ticket = signing.loads(words["ticket"], salt=SALT)
        except signing.BadSignature:
            return said  # a hand-made call: as good as any, but not known to be the same
        return {**said, "id": ticket["id"], "seconds": now.timestamp() - ticket["at"]}


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def form_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form (GET), or take what was written there (POST) and say thanks."""
    connection = open_connection(key)
    now = timezone.now()
    asked = settings_for_page(connection.options)
    if request.method != "POST":
        begun = {"version": request.GET.get("version", "")[:100]}
        begun["page"] = bare_page(request.GET.get("page", "")[:2000])
        begun["ticket"] = signing.dumps(
            {"id": secrets.token_hex(16), "at": now.timestamp()}, salt=SALT
        )
        return _page(connection, MessageForm(initial=begun, asked=asked))
    origin = request.headers.get("Origin", "null")
    is_ours = origin in ("null", f"{request.scheme}://{request.get_host()}")
    if not is_ours and not may_send(connection.options, origin):
        note_refusal(connection, now=now)
        return _page(connection, None, "This site may not send messages here.", status=403)
    try:
        small_body(request)
    except RequestDataTooBig:
        return _page(connection, None, "The message is too large. Please shorten it.", status=413)
    form = MessageForm(request.POST, asked=asked)
    return _take(request, connection, form, now)


def _take(
    request: HttpRequest, connection: Connection, form: MessageForm, now: datetime
) -> HttpResponse:
    if not form.is_valid():
        return _page(connection, form, status=400)
    try:
        row, waited = read_message(
            form.said(now),
            # Nobody signs in here, so an id would be anybody's; none is asked for.
            environment=connection.environment,
            agent=request.headers.get("User-Agent", ""),
        )
        take_message(connection, row, waited=waited, sender=address_of(request), now=now)
    except BadInput as error:
        field = error.field if error.field in form.fields else None
        form.add_error(field, f"It {error.problem} {error.mend}" if field else str(error))
        return _page(connection, form, status=400)
    except TooMany as too_many:
        minutes = math.ceil(too_many.wait.total_seconds() / 60)
        words = f"{too_many} Please send yours again in {minutes} min; it is still below."
        response = _page(connection, form, words, status=429)
        response["Retry-After"] = str(math.ceil(too_many.wait.total_seconds()))
        return response
    facts = urlencode({n: v for n in ("version", "page") if (v := form.cleaned_data[n])})
    where = reverse("form-page-thanks", kwargs={"key": connection.key})
    return HttpResponseRedirect(where + ("?" + facts if facts else ""), status=303)


@login_not_required
@require_safe
def thanks(request: HttpRequest, key: str) -> HttpResponse:
    """Thank for the message, and offer to write another about the same page."""
    connection = open_connection(key)
    facts = {name: request.GET.get(name, "")[:2000] for name in ("version", "page")}
    again = urlencode({name: value for name, value in facts.items() if value})
    where = reverse("form-page", kwargs={"key": key}) + ("?" + again if again else "")
    words = {"project": connection.project.name, "again": where}
    return _open(render_to_string("feedback/form_thanks.html", words))


def _page(
    connection: Connection, form: MessageForm | None, problem: str = "", *, status: int = 200
) -> HttpResponse:
    words = {
        "project": connection.project.name,
        "question": connection.options.get("question") or QUESTION,
        "form": form,
        "problem": problem,
    }
    # Without the request: a page for everybody shows nothing of who is signed in.
    return _open(render_to_string("feedback/form.html", words), status=status)


def _open(html: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(
        html, status=status, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    )
