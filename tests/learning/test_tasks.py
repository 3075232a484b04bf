from datetime import timedelta

import pytest
import time_machine

from deployments.models import Checkup
from learning import tasks
from tests.factories import NOW, make_deployment, make_feedback


@pytest.fixture
def deployment(shop):
    return make_deployment(shop, shipped_at=NOW - timedelta(days=2))


class TestClaiming:
    def test_a_checkup_is_claimed_by_one_worker_alone(self, deployment):
        checkup = Checkup.objects.due(NOW).first()

        assert checkup.claim(NOW)
        assert not checkup.claim(NOW)

    def test_a_claim_that_has_gone_stale_is_taken_over(self, deployment, settings):
        settings.STALE_CLAIM_SECONDS = 60
        checkup = Checkup.objects.due(NOW).first()
        checkup.claim(NOW)

        assert checkup.claim(NOW + timedelta(seconds=61))

    def test_what_is_not_due_yet_is_left_alone(self, deployment):
        due = Checkup.objects.due(NOW)

        assert {checkup.horizon for checkup in due} == {timedelta(hours=1), timedelta(days=1)}


class TestRunDueCheckups:
    def test_runs_all_that_is_due_and_nothing_else(self, deployment):
        with time_machine.travel(NOW, tick=False):
            tasks.run_due_checkups()

        done = deployment.checkups.filter(finished_at__isnull=False)
        assert {checkup.horizon for checkup in done} == {timedelta(hours=1), timedelta(days=1)}

    def test_notes_on_the_row_why_a_checkup_failed_and_goes_on_with_the_next(
        self, deployment, monkeypatch
    ):
        def fail_once(checkup, *, now):
            monkeypatch.setattr(tasks, "perform_checkup", perform)
            raise RuntimeError("the disk is full")

        perform = tasks.perform_checkup
        monkeypatch.setattr(tasks, "perform_checkup", fail_once)

        with time_machine.travel(NOW, tick=False):
            tasks.run_due_checkups()

        first, second = deployment.checkups.filter(due_at__lte=NOW).order_by("due_at")
        assert (first.problem, first.finished_at) == ("RuntimeError: the disk is full", None)
        assert second.finished_at == NOW


class TestTurns:
    @pytest.fixture
    def rung(self, monkeypatch):
        """What was rung for; every turn is over after one checkup."""
        calls = []
        monkeypatch.setattr(tasks, "TURN_SECONDS", -1)
        monkeypatch.setattr(
            tasks.run_due_checkups, "apply_async", lambda **call: calls.append(call["kwargs"])
        )
        return calls

    def test_ring_again_for_what_is_left_while_their_chain_lasts(self, deployment, rung):
        until = (NOW + timedelta(seconds=50)).timestamp()
        with time_machine.travel(NOW, tick=False):
            tasks.run_due_checkups(until=until)

        assert rung == [{"until": until}]
        assert deployment.checkups.filter(finished_at__isnull=False).count() == 1

    def test_leave_the_rest_to_the_next_bell_when_their_chain_is_over(self, deployment, rung):
        with time_machine.travel(NOW, tick=False):
            tasks.run_due_checkups(until=NOW.timestamp())

        assert rung == []


class TestLinkNewFeedback:
    def test_links_what_came_in_since_the_last_ring(self, shop):
        item = make_feedback(shop)

        tasks.link_new_feedback()

        item.refresh_from_db()
        assert item.linked_at is not None
