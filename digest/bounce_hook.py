"""Where a mail provider reports what became of a mail, if Wake sends by its API."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from digest.bounce_events import take_event


@login_not_required
@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def provider_hook(request: HttpRequest, provider: str) -> HttpResponse:
    """Take the events of MAIL_PROVIDER, who signs in with ANYMAIL_WEBHOOK_SECRET.

    django-anymail checks and reads each provider's own format; a wrong secret is answered by 400.
    """
    if provider != settings.MAIL_PROVIDER or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404("There is no such provider here.")
    try:
        found = resolve(f"/{provider}/tracking/", urlconf="anymail.urls")
    except Resolver404:
        raise Http404("This provider reports nothing.") from None
    if request.method == "POST":
        reader = found.func.view_class()  # type: ignore[attr-defined]  # as View.as_view sets it
        reader.setup(request)
        reader.run_validators(request)
        for event in reader.parse_events(request):
            take_event(event, now=timezone.now())
    return HttpResponse()
