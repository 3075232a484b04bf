"""Preferences without signing in: the signed link says which one subscription may be changed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from digest.forms import PreferencesForm, initial
from digest.links import PREFERENCES, preferences_token
from digest.models import Subscription
from digest.subscribe import change_subscription, chosen, is_reader


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show when the digest comes, and change it; a POST with `void` ends all older links."""
    subscription = _of_link(token)
    if request.method == "POST" and "void" in request.POST:
        Subscription.objects.filter(pk=subscription.pk).update(links_version=F("links_version") + 1)
        subscription.refresh_from_db(fields=["links_version"])
        messages.success(request, "The links in earlier mails lead here no more. This page's does.")
        return redirect("digest_preferences", preferences_token(subscription))
    before = chosen(subscription)
    form = PreferencesForm(
        request.POST if request.method == "POST" else None, initial=initial(before)
    )
    if request.method == "POST" and form.is_valid():
        change_subscription(subscription, form.choice(before), now=timezone.now())
        on = subscription.is_on
        messages.success(request, "It is kept." if on else "You get no more digests.")
        return redirect("digest_preferences", token)
    next_due_at = subscription.next_due_at.astimezone(subscription.plan.zone)
    context = {"subscription": subscription, "form": form, "next_due_at": next_due_at}
    return render(request, "digest/preferences.html", context, status=400 if form.errors else 200)


def _of_link(token: str) -> Subscription:
    """Return the one subscription that the link is for; Http404 for a link that is no good."""
    try:
        words = signing.loads(token, salt=PREFERENCES)
        rows = Subscription.objects.select_related("project", "user")
        subscription = rows.get(pk=words["s"], links_version=words["v"])
    except (signing.BadSignature, Subscription.DoesNotExist):
        raise Http404("No such link.") from None
    if not is_reader(subscription):
        raise Http404("No such link.")
    return subscription
