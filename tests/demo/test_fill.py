import contextlib
from io import StringIO

import pytest
from django.conf import global_settings
from django.core.management import call_command

from accounts.models import Membership, Role, User
from demo.fill import OWNER, PASSWORD, count, demo_project, fill_demo, remove_demo
from demo.places import PLACES
from demo.simulator import PEOPLE
from deployments.models import Checkup, Deployment, Hypothesis
from digest.models import FindingMail, Issue, Subscription
from engagement.models import EventMetric, MetricSample
from feedback.connectors.registry import CONNECTORS
from feedback.models import FeedbackItem, Status
from learning.models import (
    Attribution,
    AttributionFit,
    Finding,
    FindingNotice,
    ImpactEstimate,
    Learning,
    Reply,
)
from learning.reply_ways import NoWay, way_of
from tests.demo.conftest import NOW, SEED

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TABLES = (
    Deployment, Hypothesis, Checkup, MetricSample, FeedbackItem, Attribution, ImpactEstimate,
    Learning, Issue, User, Membership,
)  # fmt: skip


def sizes():
    return {table.__name__: table.objects.count() for table in TABLES}


class TestFillDemo:
    def test_stores_all_that_was_told(self, filled):
        counted = count(filled.project)

        assert (counted.ships, counted.feedback) == (40, 3005)
        sent = MetricSample.objects.filter(metric__project=filled.project, metric__definition=None)
        assert sent.count() == len(filled.world.samples)

    def test_makes_two_metrics_of_events(self, filled):
        rows = EventMetric.objects.filter(metric__project=filled.project)

        made = {row.metric.key: row for row in rows.select_related("metric")}
        assert set(made) == {"viewed_to_ordered", "order_again_adoption"}
        assert {row.metric.samples.count() for row in made.values()} == {39, 40}
        assert {row.problem for row in made.values()} == {""}

    def test_shows_a_feature_that_more_and_more_use(self, filled):
        adoption = filled.project.metrics.get(key="order_again_adoption")
        shares = [value for _at, value, _of in adoption.samples.all().series()]

        assert set(shares[:30]) == {0.0}
        assert shares[-1] > 0.05 and shares[-5] < shares[-1]

    def test_names_a_place_for_each_way_in_and_asks_none_of_them(self, filled):
        places = filled.project.connections.all()

        assert {place.kind for place in places} == set(PLACES)
        assert all(place.received_count for place in places)
        assert not any(place.is_active and CONNECTORS[place.kind].gather for place in places)

    def test_hears_three_times_what_one_customer_said_three_times(self, filled):
        said = FeedbackItem.objects.filter(project=filled.project, customer__external_id="c-0007")
        head = said.get(external_id="besides-1")

        assert head.merged.count() == 2

    def test_holds_the_advertisement_back_and_nothing_else(self, filled):
        held = FeedbackItem.objects.filter(project=filled.project).exclude(held_at=None)

        assert held.get().external_id == "besides-4"

    def test_leaves_answers_to_customers_for_a_person_to_send(self, filled):
        replies = Reply.objects.filter(project=filled.project)

        assert set(replies.values_list("state", flat=True)) == {Reply.State.DRAFT}

    def test_knows_an_address_for_most_of_them_but_not_for_reviews_in_a_store(
        self, filled, settings
    ):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        channels = []
        for reply in Reply.objects.filter(project=filled.project):
            with contextlib.suppress(NoWay):
                channels.append(way_of(reply).channel)

        assert set(channels) == {"mail"}
        assert 0.5 < len(channels) / Reply.objects.filter(project=filled.project).count() < 1

    def test_has_been_asked_how_often_wake_was_right(self, filled):
        fit = AttributionFit.objects.get(project=filled.project)

        assert fit.scores["exam"]["asked"] == 200
        assert fit.scores["exam"]["right"] > 0.65
        assert fit.corrections >= 40
        assert fit.scores["corrections"]["let_stand"] > 1000

    def test_runs_every_checkup_that_is_due(self, filled):
        checkups = Checkup.objects.filter(deployment__project=filled.project)

        assert not checkups.due(NOW).exists()
        assert not checkups.exclude(problem="").exists()
        assert checkups.filter(finished_at=None).exists()

    def test_looks_back_at_the_moment_that_was_agreed(self, filled):
        done = Checkup.objects.filter(deployment__project=filled.project).exclude(finished_at=None)

        assert all(checkup.finished_at == checkup.due_at for checkup in done)

    def test_links_everything_that_was_said(self, filled):
        heard = FeedbackItem.objects.heard().filter(project=filled.project)

        assert not heard.filter(linked_at=None).exists()

    def test_leaves_some_feedback_for_each_state(self, filled):
        said = FeedbackItem.objects.filter(project=filled.project)

        assert {status for status, _ in Status.choices} - {Status.CLOSED} <= set(
            said.values_list("status", flat=True)
        )

    def test_confirms_most_learnings_and_leaves_some_waiting_and_overdue(self, filled):
        learnings = Learning.objects.current().filter(project=filled.project)
        drafts = learnings.filter(state=Learning.State.DRAFT)

        assert learnings.filter(state=Learning.State.CONFIRMED).count() >= 12
        assert drafts.filter(due_at__lt=NOW).exists()
        assert drafts.filter(due_at__gt=NOW).exists()

    def test_finds_what_is_worth_attention_and_lets_the_team_say_so(self, filled):
        findings = Finding.objects.filter(project=filled.project)
        worth = set(FindingNotice.objects.values_list("worth", flat=True))

        assert findings.filter(kind=Finding.Kind.SAID_BY_SEVERAL).exists()
        assert findings.filter(kind=Finding.Kind.VERDICT).exists()
        assert {"useful", "noise"} <= worth
        assert not FindingMail.objects.exists()

    def test_lets_each_of_the_five_sign_in(self, filled, settings):
        settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
        members = Membership.objects.filter(project=filled.project)

        assert {str(member.user) for member in members} == set(PEOPLE)
        assert all(member.user.check_password(PASSWORD) for member in members)
        assert members.get(role=Role.OWNER).user.email == OWNER

    def test_keeps_a_digest_of_each_week_but_mails_nobody(self, filled, mailoutbox):
        issues = Issue.objects.filter(project=filled.project)

        assert issues.count() == 11
        assert "Harbour Shop" in issues.first().subject
        assert not Subscription.objects.filter(project=filled.project, is_on=True).exists()
        assert mailoutbox == []

    def test_changes_nothing_when_it_is_run_again(self, filled):
        before, said = sizes(), StringIO()

        call_command("fill_demo", stdout=said)

        assert "nothing was changed" in said.getvalue()
        assert sizes() == before

    def test_leaves_nothing_behind_when_it_fails(self, filled):
        def fail(moment):
            raise RuntimeError("power cut")

        remove_demo()
        with pytest.raises(RuntimeError):
            fill_demo(seed=SEED, weeks=2, now=NOW, step=fail)

        assert demo_project() is None


class TestRemoveDemo:
    def test_takes_everything_with_it(self, filled):
        remove_demo()

        assert set(sizes().values()) == {0}, sizes()

    def test_keeps_people_who_belong_elsewhere_too(self, filled, shop):
        eve = User.objects.get(email="eve@demo.example")
        Membership.objects.create(project=shop, user=eve)

        remove_demo()

        assert User.objects.filter(email__endswith="@demo.example").get() == eve
