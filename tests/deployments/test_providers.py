"""What each vendor sends, as their documentation shows it, and what Wake makes of it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.models import Delivery, Webhook
from deployments.providers.base import Options, Told
from deployments.providers.registry import PROVIDERS
from deployments.reading import read_delivery
from tests.deployments.samples import PUSH, SAMPLES, Sample
from tests.deployments.senders import send
from tests.factories import NOW


def name_of(sample: Sample) -> str:
    return f"{sample.provider}-{sample.event}-{sample.outcome}"


def deliver(shop, sample: Sample):
    webhook, _ = Webhook.objects.update_or_create(
        project=shop, provider=sample.provider, defaults=sample.options
    )
    headers = {**sample.headers}
    content_type = headers.pop("Content-Type", "application/json")
    answer = send(webhook, sample.body, path=sample.path, content_type=content_type, **headers)
    return answer, Delivery.objects.latest("pk")


@pytest.mark.django_db
@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
class TestADocumentedCall:
    def test_comes_out_as_it_should(self, shop, sample):
        answer, delivery = deliver(shop, sample)

        assert (delivery.outcome, answer.status_code) == (
            sample.outcome,
            201 if sample.outcome == "recorded" else 202,
        ), delivery.reason
        assert sample.says in delivery.reason
        assert bool(delivery.reason) or sample.outcome == "recorded"
        told = sorted(shop.deployments.all(), key=lambda one: one.pk)
        assert [look(one, wanted) for one, wanted in zip(told, sample.ships, strict=True)] == list(
            sample.ships
        )

    def test_comes_out_the_same_when_it_is_replayed(self, shop, sample):
        deliver(shop, sample)
        before = [look(one, {}) for one in shop.deployments.order_by("pk")]

        deliver(shop, sample)

        assert [look(one, {}) for one in shop.deployments.order_by("pk")] == before


def look(deployment, wanted):
    """Return of a deployment what a sample speaks of."""
    facts = {
        "version": deployment.version,
        "environment": deployment.environment.name,
        "status": deployment.status,
    }
    read = {
        "sha": lambda: deployment.sha,
        "title": lambda: deployment.title,
        "service": lambda: deployment.service.name if deployment.service else "",
        "tags": lambda: deployment.tags,
        "metric": lambda: deployment.hypothesis.metric.key,
        "shipped_at": lambda: deployment.shipped_at.isoformat(),
        "shippers": lambda: [person.email for person in deployment.shippers.all()],
    }
    return facts | {name: read[name]() for name in wanted if name in read}


@pytest.mark.parametrize("provider", PROVIDERS)
class TestEveryProvider:
    def test_has_samples_of_each_outcome(self, provider):
        outcomes = {sample.outcome for sample in SAMPLES if sample.provider == provider}

        assert {"recorded", "unreadable"} <= outcomes
        assert "ignored" in outcomes or provider == "devlake"

    def test_says_how_to_set_it_up_with_the_address(self, provider):
        one = PROVIDERS[provider]

        assert "{url}" in " ".join(one.setup) + one.example
        assert one.name == provider


def values():
    """Yield JSON of the kinds of values that stand in samples, in all the wrong places."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
        st.sampled_from(
            ["success", "production", "2026-03-01T10:00:00Z", "\x00", "\ud800", "v1.0"]
        ),
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=8,
    )


def places(body, path=()):
    """Yield the path of everything within a body."""
    yield path
    items = (
        body.items()
        if isinstance(body, dict)
        else enumerate(body)
        if isinstance(body, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def changed(body, path, value):
    if not path:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = changed(body[path[0]], path[1:], value)
    return copy


class TestAnOddCall:
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_is_read_or_explained_and_never_a_fault(self, data):
        sample = data.draw(st.sampled_from(SAMPLES))
        path = data.draw(st.sampled_from(list(places(sample.body))))
        body = changed(sample.body, path, data.draw(values()))
        options = {k: tuple(v) if k == "names" else v for k, v in sample.options.items()}
        told = Told(
            event=sample.headers.get("X-GitHub-Event") or sample.event,
            body=body,
            headers={name.lower(): text for name, text in sample.headers.items()},
            now=NOW,
            options=Options(**options),
            path=sample.path,
        )

        reading = read_delivery(sample.provider, told)

        assert reading.ships or reading.ignored or reading.unreadable
        assert not [why for why in reading.unreadable if "Wake failed" in why]


@pytest.mark.django_db
class TestAForm:
    def test_of_github_is_read_like_json(self, shop):
        from urllib.parse import urlencode

        webhook = Webhook.objects.create(project=shop, branch="main")
        body = urlencode({"payload": json.dumps(PUSH)}).encode()

        answer = send(
            webhook, body, content_type="application/x-www-form-urlencoded", X_GitHub_Event="push"
        )

        assert answer.status_code == 201

    def test_of_a_sleuth_call_is_read_like_json(self, shop):
        webhook = Webhook.objects.create(project=shop, provider="sleuth")

        answer = send(
            webhook,
            f"api_key={webhook.secret}&environment=production&sha=abcdef1234".encode(),
            content_type="application/x-www-form-urlencoded",
        )

        assert answer.status_code == 201
        assert webhook.secret.encode() not in bytes(Delivery.objects.get().body)
