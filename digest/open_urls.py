"""Links in mails that work without signing in."""

from django.urls import URLPattern, URLResolver, path

from digest.finding_views import finding_mails_off
from digest.preferences import preferences
from digest.recipient_confirm import confirm_recipient
from digest.unsubscribe import unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("preferences/<str:token>/", preferences, name="digest_preferences"),
    path("confirm/<str:token>/", confirm_recipient, name="digest_confirm"),
    path("findings/off/<str:token>/", finding_mails_off, name="finding_mails_off"),
]
