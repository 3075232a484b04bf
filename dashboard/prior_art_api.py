"""The API's door to what is known before a hypothesis is written."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Scope
from common.api_schema import errors
from common.values import read_duration, storable
from dashboard.reads.estimates import Effect
from dashboard.reads.prior_art import PriorArt, Record, prior_art
from deployments.addresses import page_of_deployment
from deployments.ship import DEFAULT_WINDOW
from engagement.models import Metric


class PastEffect(serializers.Serializer[object]):
    """What one ship did to the metric."""

    deployment = serializers.IntegerField()
    version = serializers.CharField()
    url = serializers.URLField()
    shipped_at = serializers.DateTimeField()
    effect = serializers.FloatField(help_text="Relative: 0.02 is 2 %.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    is_real = serializers.BooleanField()


class PastBets(serializers.Serializer[object]):
    """How bets ended."""

    supported = serializers.IntegerField()
    refuted = serializers.IntegerField()
    no_effect = serializers.IntegerField()
    untold = serializers.IntegerField(help_text="Those that could not be judged.")
    share = serializers.FloatField(allow_null=True, help_text="Supported, of those judged.")


class SmallestVisible(serializers.Serializer[object]):
    """What looks after about as long a time could usually show."""

    size = serializers.FloatField(help_text="The median of the smallest visible effects.")
    after_seconds = serializers.IntegerField()
    looks = serializers.IntegerField()


class PriorArtOut(serializers.Serializer[object]):
    """What is known of a metric before somebody bets on it."""

    metric = serializers.CharField()
    window_seconds = serializers.IntegerField()
    effects = PastEffect(many=True)
    ships_measured = serializers.IntegerField()
    ships_that_moved_it = serializers.IntegerField()
    bets_on_metric = PastBets()
    bets_in_project = PastBets()
    smallest_visible = SmallestVisible(allow_null=True)


class PriorArtOfMetric(APIView):
    """What such bets did before."""

    @extend_schema(
        operation_id="prior_art",
        summary="Read what is known before a hypothesis is written",
        tags=["metrics"],
        parameters=[OpenApiParameter("window", str, description='Such as "7d", which is usual.')],
        responses={200: PriorArtOut, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request, key: str) -> Response:
        """Return past effects on the metric, how bets fared, and what size can be seen."""
        project = project_for_key(request, Scope.READ)
        metric = get_object_or_404(Metric, project=project, key=storable(key))
        asked = request.query_params.get("window")
        window = read_duration(asked, field="window") or DEFAULT_WINDOW
        return Response(_told(prior_art(project, metric, window=window)))


def _told(art: PriorArt) -> dict[str, Any]:
    visible = art.visible
    return {
        "metric": art.metric.key,
        "window_seconds": int(art.window.total_seconds()),
        "effects": [_effect(one) for one in art.effects],
        "ships_measured": art.measured,
        "ships_that_moved_it": art.moved,
        "bets_on_metric": _bets(art.on_metric),
        "bets_in_project": _bets(art.in_project),
        "smallest_visible": {
            "size": visible.size,
            "after_seconds": int(visible.horizon.total_seconds()),
            "looks": visible.looks,
        }
        if visible
        else None,
    }


def _effect(one: Effect) -> dict[str, Any]:
    row = one.row
    return {
        "deployment": row.deployment_id,
        "version": row.deployment.version,
        "url": page_of_deployment(row.deployment),
        "shipped_at": row.deployment.shipped_at,
        "effect": row.effect,
        "low": row.low,
        "high": row.high,
        "is_real": row.is_real,
    }


def _bets(record: Record) -> dict[str, Any]:
    return {
        "supported": record.supported,
        "refuted": record.refuted,
        "no_effect": record.no_effect,
        "untold": record.untold,
        "share": record.share,
    }
