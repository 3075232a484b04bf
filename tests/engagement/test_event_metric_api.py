"""Metrics from events by the API."""

import pytest

from engagement.models import EventMetric
from tests.engagement.happenings import make_event_metric
from tests.factories import make_project

pytestmark = pytest.mark.django_db
URL = "/api/v1/metrics/"
PAID = {
    "measure": "conversion", "event": "Viewed", "then_event": "Paid", "within": "1h",
    "environment": "production", "where": {"plan": "pro"},
}  # fmt: skip


def post(api, **row):
    return api.post(URL, {"key": "paid", **row}, content_type="application/json")


class TestDefiningAMetricFromEvents:
    def test_answers_what_was_kept(self, api, shop):
        answer = post(api, name="Paid", definition=PAID)

        said = answer.json()
        assert (answer.status_code, said["kind"], said["resolution_seconds"]) == (
            201,
            "ratio",
            86400,
        )
        assert said["definition"] == {
            "measure": "conversion", "event": "Viewed", "then_event": "Paid",
            "within_seconds": 3600, "environment": "production", "service": "", "version": "",
            "where": {"plan": "pro"}, "revision": 1, "worked_out_from": None,
            "worked_out_until": None, "problem": "",
        }  # fmt: skip

    def test_is_listed_beside_metrics_that_come_another_way(self, api, shop):
        post(api, definition=PAID)
        post(api, key="visits")

        rows = api.get(URL).json()["results"]
        assert [(row["key"], bool(row["definition"])) for row in rows] == [
            ("paid", True),
            ("visits", False),
        ]

    @pytest.mark.parametrize("row", [{}, {"name": "Paid orders"}, {"definition": PAID}])
    def test_again_keeps_its_history(self, api, shop, row):
        post(api, definition=PAID)

        assert post(api, **row).json()["definition"]["revision"] == 1

    @pytest.mark.parametrize("row", [{"resolution": "1h"}, {"definition": {**PAID, "event": "A"}}])
    def test_otherwise_begins_it_anew(self, api, shop, row):
        post(api, definition=PAID)

        assert post(api, **row).json()["definition"]["revision"] == 2

    @pytest.mark.parametrize(
        ("row", "field"),
        [
            ({"definition": "count"}, "definition"),
            ({"definition": {"measure": "best"}}, "measure"),
            ({"definition": PAID, "kind": "gauge"}, "kind"),
            ({"definition": PAID, "resolution": "5m"}, "resolution"),
        ],
    )
    def test_says_which_field_is_wrong_and_keeps_nothing(self, api, shop, row, field):
        answer = post(api, **row)

        assert answer.status_code == 400
        assert field in answer.content.decode()
        assert not shop.metrics.exists()

    def test_touches_no_other_project(self, api, shop):
        other = make_event_metric(make_project("Bakery"), key="paid")

        post(api, definition=PAID)

        other.refresh_from_db()
        assert (other.revision, EventMetric.objects.count()) == (1, 2)
