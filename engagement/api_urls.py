"""The API for what users do."""

from django.urls import path

from engagement import api

urlpatterns = [
    path("metrics/", api.MetricList.as_view(), name="api-metrics"),
    path("metrics/samples/", api.SampleBatch.as_view(), name="api-samples"),
    path("metrics/<slug:key>/samples/", api.SampleList.as_view(), name="api-metric-samples"),
]
