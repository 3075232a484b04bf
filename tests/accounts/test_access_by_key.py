from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, Scope
from tests.factories import make_deployment, make_feedback, make_key, make_metric

DOORS = [
    ("post", "/api/v1/deployments/", Scope.DEPLOYMENTS_WRITE),
    ("get", "/api/v1/deployments/", Scope.READ),
    ("post", "/api/v1/feedback/", Scope.FEEDBACK_WRITE),
    ("get", "/api/v1/feedback/", Scope.READ),
    ("post", "/api/v1/metrics/", Scope.METRICS_WRITE),
    ("get", "/api/v1/metrics/", Scope.READ),
    ("post", "/api/v1/metrics/samples/", Scope.METRICS_WRITE),
    ("get", "/api/v1/learnings/", Scope.READ),
]


def call(method, path, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return getattr(Client(), method)(path, headers=headers)


@pytest.mark.parametrize(("method", "path", "scope"), DOORS)
class TestEveryDoor:
    def test_asks_for_a_key(self, shop, method, path, scope):
        answer = call(method, path)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_names_the_scope_that_a_key_lacks(self, shop, method, path, scope):
        key = make_key(shop, *(set(Scope) - {scope}))

        answer = call(method, path, key)

        assert answer.status_code == 403
        assert scope.value in answer.json()["detail"]

    def test_opens_for_the_scope(self, shop, method, path, scope):
        assert call(method, path, make_key(shop, scope)).status_code in (200, 400)


class TestKeys:
    @pytest.fixture
    def key(self, shop):
        return make_key(shop)

    def test_a_revoked_key_opens_nothing(self, key):
        ApiKey.objects.update(revoked=True)

        assert call("get", "/api/v1/deployments/", key).status_code == 401

    def test_an_expired_key_opens_nothing(self, key):
        ApiKey.objects.update(expiry_date=timezone.now() - timedelta(days=1))

        assert call("get", "/api/v1/deployments/", key).status_code == 401

    def test_its_use_is_noted(self, key):
        call("get", "/api/v1/deployments/", key)

        assert ApiKey.objects.get().last_used_at

    def test_a_person_who_is_signed_in_needs_a_key_too(self, as_ada, shop):
        assert as_ada.get("/api/v1/deployments/").status_code == 401


class TestOtherProjects:
    @pytest.fixture
    def theirs(self, cleo):
        return cleo.projects.get()

    def test_a_ship_of_another_project_is_not_found(self, api, theirs):
        ship = make_deployment(theirs)

        assert api.get(f"/api/v1/deployments/{ship.pk}/").status_code == 404

    def test_feedback_of_another_project_is_not_found(self, api, theirs):
        item = make_feedback(theirs)

        assert api.get(f"/api/v1/feedback/{item.pk}/").status_code == 404

    def test_samples_of_another_projects_metric_are_not_found(self, api, theirs):
        make_metric(theirs, "orders")

        assert api.get("/api/v1/metrics/orders/samples/").status_code == 404

    @pytest.mark.parametrize("path", ["deployments", "feedback", "metrics", "learnings"])
    def test_lists_hold_nothing_of_theirs(self, api, theirs, path):
        make_deployment(theirs)
        make_feedback(theirs)
        make_metric(theirs)

        assert api.get(f"/api/v1/{path}/").json()["results"] == []
