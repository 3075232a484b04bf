"""Metrics of events are worked out by themselves, and ships judged by a changed one anew."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.celery import app
from deployments.models import Checkup
from engagement.models import EventMetric
from learning.event_metric_tasks import work_out_due_metrics, work_out_metric
from learning.models import ImpactEstimate
from tests.engagement.happenings import DAY, did, make_event_metric
from tests.factories import make_deployment

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(shop) -> EventMetric:
    now = timezone.now()
    for number in range(1, 5):
        did(shop, "Ordered", now - number * DAY, "ada")
    return make_event_metric(shop, now=now)


class TestTheBell:
    def test_works_out_what_is_due(self, row):
        app.conf.task_always_eager = True
        try:
            work_out_due_metrics()
        finally:
            app.conf.task_always_eager = False

        row.refresh_from_db()
        assert row.metric.samples.count() == 3
        assert row.next_due_at > timezone.now()

    def test_leaves_alone_what_is_held(self, row):
        EventMetric.objects.update(claimed_at=timezone.now())

        work_out_metric(definition_id=row.pk)

        assert not row.metric.samples.exists()

    def test_takes_over_from_a_worker_that_died(self, row, settings):
        died = timezone.now() - timedelta(seconds=settings.STALE_CLAIM_SECONDS + 1)
        EventMetric.objects.update(claimed_at=died)

        work_out_metric(definition_id=row.pk)

        assert row.metric.samples.count() == 3

    def test_bears_a_definition_that_is_gone(self, row):
        pk = row.pk
        row.delete()

        work_out_metric(definition_id=pk)


class TestAChangedDefinition:
    def looked_at(self, shop, row) -> Checkup:
        now = timezone.now()
        ship = make_deployment(shop, shipped_at=now - 10 * DAY, now=now)
        look = ship.checkups.order_by("due_at").first()
        Checkup.objects.filter(pk=look.pk).update(finished_at=now - 9 * DAY)
        ImpactEstimate.objects.create(
            checkup=look, deployment=ship, metric=row.metric, method="m", word="estimated",
            window_start_at=ship.shipped_at, window_end_at=ship.shipped_at + DAY,
            estimated_at=now - 9 * DAY,
        )  # fmt: skip
        return look

    def test_lets_ships_be_looked_at_again_once_its_history_is_there(self, shop, row):
        look = self.looked_at(shop, row)
        EventMetric.objects.update(revision=2, estimated_revision=1)

        work_out_metric(definition_id=row.pk)

        look.refresh_from_db()
        assert look.finished_at is None

    def test_does_so_once(self, shop, row):
        look = self.looked_at(shop, row)
        work_out_metric(definition_id=row.pk)
        Checkup.objects.update(finished_at=timezone.now())
        EventMetric.objects.update(next_due_at=timezone.now())

        work_out_metric(definition_id=row.pk)

        look.refresh_from_db()
        assert look.finished_at is not None
