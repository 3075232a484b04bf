"""The pages that read across all rooms."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard import (
    event_metric_views,
    finding_views,
    hypothesis_views,
    themes_views,
    untouched_views,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("projects/new/", views.project_new, name="project_new"),
    path("p/<slug:slug>/", views.project, name="project"),
    path("p/<slug:slug>/ships/", views.deployments, name="deployments"),
    path("p/<slug:slug>/ships/<int:pk>/", views.deployment, name="deployment"),
    path(
        "p/<slug:slug>/ships/<int:pk>/hypothesis/", hypothesis_views.hypothesis, name="hypothesis"
    ),
    path("p/<slug:slug>/feedback/themes/", themes_views.themes, name="themes"),
    path("p/<slug:slug>/", include("dashboard.reply_urls")),
    path("p/<slug:slug>/findings/", include("dashboard.finding_urls")),
    path("findings/<str:token>/", finding_views.finding_worth, name="finding_worth"),
    path("p/<slug:slug>/metrics/", views.metrics, name="metrics"),
    path(
        "p/<slug:slug>/metrics/from-events/",
        event_metric_views.metric_from_events,
        name="metric_from_events",
    ),
    path("p/<slug:slug>/metrics/<str:key>/", views.metric, name="metric"),
    path(
        "p/<slug:slug>/metrics/<str:key>/definition/",
        event_metric_views.metric_definition,
        name="metric_definition",
    ),
    path(
        "p/<slug:slug>/metrics/<str:key>/definition/remove/",
        event_metric_views.metric_definition_remove,
        name="metric_definition_remove",
    ),
    path(
        "p/<slug:slug>/metrics/<str:key>/untouched/",
        untouched_views.metric_untouched,
        name="metric_untouched",
    ),
    path(
        "p/<slug:slug>/ships/<int:pk>/untouched/",
        untouched_views.ship_untouched,
        name="ship_untouched",
    ),
    path(
        "p/<slug:slug>/untouched/<int:pk>/",
        untouched_views.untouched_withdraw,
        name="untouched_withdraw",
    ),
]
