"""A project's digest."""

from django.urls import URLPattern, URLResolver, path

from digest import finding_views, recipient_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.digest_preview, name="digest_preview"),
    path("mail/", views.digest_preview_html, name="digest_preview_html"),
    path("findings/", finding_views.digest_findings, name="digest_findings"),
    path("resume/", recipient_views.digest_resume, name="digest_resume"),
    path("recipients/", recipient_views.recipients, name="digest_recipients"),
    path("recipients/<int:pk>/remove/", recipient_views.remove, name="digest_recipient_remove"),
    path("recipients/<int:pk>/resume/", recipient_views.resume, name="digest_recipient_resume"),
    path("test/", views.digest_test, name="digest_test"),
    path("<int:pk>/", views.digest_issue, name="digest_issue"),
    path("<int:pk>/mail/", views.digest_issue_html, name="digest_issue_html"),
]
