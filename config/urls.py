"""The site's table of contents."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the web server answers."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("accounts.urls")),
    path("", include("dashboard.urls")),
    path("p/<slug:slug>/settings/", include("accounts.settings_urls")),
    path("p/<slug:slug>/settings/", include("deployments.settings_urls")),
    path("p/<slug:slug>/settings/people/", include("deployments.people_urls")),
    path("p/<slug:slug>/settings/sources/", include("feedback.connection_urls")),
    path("p/<slug:slug>/settings/metric-sources/", include("dashboard.source_urls")),
    path("p/<slug:slug>/settings/outgoing/", include("outbound.urls")),
    path("p/<slug:slug>/feedback/", include("privacy.urls")),
    path("p/<slug:slug>/feedback/", include("dashboard.inbox_urls")),
    path("p/<slug:slug>/learnings/", include("learning.urls")),
    path("p/<slug:slug>/digest/", include("digest.urls")),
    path("digest/", include("digest.open_urls")),
    path("mails/", include("digest.mail_urls")),
    path("v1/", include("engagement.event_urls")),
    path("hooks/", include("feedback.hook_urls")),
    path("hooks/", include("deployments.hook_urls")),
    path("", include("feedback.widget_urls")),
    path("api/", include("dashboard.api_urls")),
    path("api/v1/", include("deployments.api_urls")),
    path("api/v1/", include("feedback.api_urls")),
    path("api/v1/", include("engagement.api_urls")),
    path("api/v1/", include("learning.api_urls")),
]
