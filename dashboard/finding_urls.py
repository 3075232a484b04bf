"""A project's findings."""

from django.urls import URLPattern, URLResolver, path

from dashboard import finding_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", finding_views.findings, name="findings"),
    path("<int:pk>/", finding_views.finding, name="finding"),
    path("<int:pk>/do/", finding_views.finding_do, name="finding_do"),
]
