"""Whatever is posted to a hook by somebody who knows its secret: kept, never a server error."""

import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Project
from deployments.models import Delivery, Webhook
from deployments.providers.registry import PROVIDERS
from tests.deployments.samples import SAMPLES
from tests.deployments.senders import signature
from tests.deployments.test_providers import changed, places, values

KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "", "multipart/x")


def bodies():
    """Yield bytes: noise, JSON of any shape, and samples with something odd in one place."""
    odd = st.sampled_from(SAMPLES).flatmap(
        lambda sample: st.tuples(st.sampled_from(list(places(sample.body))), values()).map(
            lambda change: changed(sample.body, *change)
        )
    )
    return st.binary(max_size=200) | st.one_of(values(), odd).map(lambda v: json.dumps(v).encode())


@pytest.mark.django_db
class TestAHook:
    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        provider=st.sampled_from(list(PROVIDERS)),
        body=bodies(),
        kind=st.sampled_from(KINDS),
        event=st.sampled_from(["deployment_status", "push", "release", "\x7f", "é" * 300, ""]),
        path=st.sampled_from(["", "api/0/releases/1/deploys/", "%00/..%2f", "a" * 900]),
    )
    def test_keeps_it_and_answers_in_the_two_hundreds(
        self, shop, provider, body, kind, event, path
    ):
        webhook, _ = Webhook.objects.get_or_create(
            project=Project.objects.get(pk=shop.pk), provider=provider, branch="main"
        )
        before = Delivery.objects.count()
        named = {"X-GitHub-Event": event, "X-Gitlab-Event": event, "X-Event-Key": event}

        answer = Client(raise_request_exception=False).post(
            f"/hooks/{provider}/{webhook.key}/{path}",
            body,
            content_type=kind,
            headers={**named, **signature(provider, webhook.secret, body)},
        )

        assert answer.status_code in (201, 202), answer.content
        kept = Delivery.objects.latest("pk")
        assert Delivery.objects.count() in (before, before + 1)
        assert kept.outcome in ("recorded", "ignored", "unreadable")
        assert "Wake failed" not in kept.reason
