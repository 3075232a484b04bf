"""The yes of an address without an account: a link in its mail, and one button."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from digest.links import preferences_token
from digest.recipients import LinkIsOver, asked_by_link, confirm


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_recipient(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the digest is wanted; only the button says yes, as mail scanners follow links."""
    try:
        subscription = asked_by_link(token)
    except LinkIsOver:
        return render(request, "digest/confirm_over.html", status=410)
    if request.method == "POST":
        confirmed = confirm(subscription, now=timezone.now())
        return redirect("digest_preferences", preferences_token(confirmed))
    return render(request, "digest/confirm.html", {"subscription": subscription})
