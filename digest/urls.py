"""A project's digest."""

from django.urls import URLPattern, URLResolver, path

from digest import (
    archive_views,
    channels_views,
    feed_views,
    finding_views,
    recipient_views,
    sharing_views,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.digest_preview, name="digest_preview"),
    path("mail/", views.digest_preview_html, name="digest_preview_html"),
    path("findings/", finding_views.digest_findings, name="digest_findings"),
    path("resume/", recipient_views.digest_resume, name="digest_resume"),
    path("recipients/", recipient_views.recipients, name="digest_recipients"),
    path("recipients/<int:pk>/remove/", recipient_views.remove, name="digest_recipient_remove"),
    path("recipients/<int:pk>/resume/", recipient_views.resume, name="digest_recipient_resume"),
    path("archive/", archive_views.archive, name="digest_archive"),
    path("archive/<int:pk>/", archive_views.edition, name="digest_edition"),
    path("archive/<int:pk>/mail/", archive_views.edition_html, name="digest_edition_html"),
    path("archive/<int:pk>/share/", sharing_views.make_link, name="digest_share"),
    path(
        "archive/<int:pk>/share/<int:link>/revoke/",
        sharing_views.revoke_link,
        name="digest_share_revoke",
    ),
    path("feed/", feed_views.feed_change, name="digest_feed"),
    path("channels/", channels_views.channels, name="digest_channels"),
    path("channels/new/", channels_views.channel_new, name="digest_channel_new"),
    path("channels/<int:pk>/", channels_views.channel, name="digest_channel"),
    path("channels/<int:pk>/test/", channels_views.channel_test, name="digest_channel_test"),
    path("channels/<int:pk>/resume/", channels_views.channel_resume, name="digest_channel_resume"),
    path("channels/<int:pk>/remove/", channels_views.channel_remove, name="digest_channel_remove"),
    path("test/", views.digest_test, name="digest_test"),
    path("<int:pk>/", views.digest_issue, name="digest_issue"),
    path("<int:pk>/mail/", views.digest_issue_html, name="digest_issue_html"),
]
