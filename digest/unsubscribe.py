"""The way out, without signing in: the secret in the link says whose subscription it is."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from digest.links import preferences_url
from digest.models import Subscription
from digest.subscribe import is_reader, turn


@login_not_required
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before a subscription ends; a POST ends it, or takes it up again with `undo`.

    Mail scanners follow links, so a GET changes nothing. Mail programs POST from elsewhere
    (RFC 8058), so no CSRF token is asked for: the link's own secret is proof enough.
    """
    subscription = get_object_or_404(
        Subscription.objects.select_related("project", "user"), token=token.replace("\x00", "")
    )
    if request.method == "POST":
        turn(subscription, on="undo" in request.POST, now=timezone.now())
    context = {
        "subscription": subscription,
        "next_due_at": subscription.next_due_at.astimezone(subscription.plan.zone),
        "asked": request.method == "POST",
        "preferences": preferences_url(subscription) if is_reader(subscription) else "",
    }
    return render(request, "digest/unsubscribe.html", context)
