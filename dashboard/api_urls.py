"""The API across all rooms, its schema and its page."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from dashboard.prior_art_api import PriorArtOfMetric
from dashboard.week_api import Week

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="dashboard/api_docs.html"
        ),
        name="api-docs",
    ),
    path("v1/metrics/<str:key>/prior-art/", PriorArtOfMetric.as_view(), name="api-prior-art"),
    path("v1/week/", Week.as_view(), name="api-week"),
]
