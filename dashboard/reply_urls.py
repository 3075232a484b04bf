"""Telling customers that a ship took up what they said."""

from django.urls import URLPattern, URLResolver, path

from dashboard import reply_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("replies/<int:pk>/", reply_views.reply, name="reply"),
    path("ships/<int:pk>/replies/", reply_views.ship_replies_send, name="ship_replies_send"),
    path("ships/<int:pk>/fixes/", reply_views.ship_fixes, name="ship_fixes"),
    path("feedback/<int:pk>/fixed/", reply_views.feedback_fixed, name="feedback_fixed"),
]
