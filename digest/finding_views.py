"""The doors to mails at once: what I want of them, and the way out without signing in."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.models import Role, User
from digest.finding_forms import FindingChoiceForm
from digest.findings import choice_of
from learning.models import FindingChoice


@require_POST
def digest_findings(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what I want to be told of at once, and when not."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    choice = choice_of(project, cast(User, request.user))
    form = FindingChoiceForm(request.POST)
    if form.is_valid():
        FindingChoice.objects.filter(pk=choice.pk).update(**form.cleaned_data)
        messages.success(request, "Kept.")
    else:
        messages.error(request, "Nothing was kept: choose hours from the lists.")
    answer = redirect("digest_preview", slug)
    answer["Location"] += "#at-once"
    return answer


@login_not_required
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def finding_mails_off(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before mails at once end; a POST ends them, or takes them up again with `undo`.

    Mail scanners follow links, so a GET changes nothing. Mail programs POST from elsewhere
    (RFC 8058), so no CSRF token is asked for: the link's own secret is proof enough.
    """
    choices = FindingChoice.objects.select_related("project", "user")
    choice = get_object_or_404(choices, token=token.replace("\x00", ""))
    if request.method == "POST":
        choice.is_mailed = "undo" in request.POST
        FindingChoice.objects.filter(pk=choice.pk).update(is_mailed=choice.is_mailed)
    context = {"choice": choice, "asked": request.method == "POST"}
    return render(request, "digest/finding_mails_off.html", context)
