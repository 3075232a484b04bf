"""Links in mails that work without signing in."""

from django.urls import URLPattern, URLResolver, path

from digest.feed_views import atom
from digest.finding_views import finding_mails_off
from digest.preferences import preferences
from digest.recipient_confirm import confirm_recipient
from digest.sharing_views import shared, shared_html
from digest.unsubscribe import unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("preferences/<str:token>/", preferences, name="digest_preferences"),
    path("confirm/<str:token>/", confirm_recipient, name="digest_confirm"),
    path("shared/<str:token>/", shared, name="digest_shared"),
    path("shared/<str:token>/mail/", shared_html, name="digest_shared_html"),
    path("feed/<str:token>/", atom, name="digest_atom"),
    path("findings/off/<str:token>/", finding_mails_off, name="finding_mails_off"),
]
