"""Estimates made anew: shown first, accepted later."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from common.windows import WEEK
from deployments.ship import Expectation
from learning import reestimating
from learning.checkup import perform_checkup
from learning.models import ImpactEstimate, Learning, Recalculated, Rerun, RerunPart
from learning.reestimating import (
    NotReady,
    accept_rerun,
    claim_part,
    drop_rerun,
    run_part,
    start_rerun,
)
from learning.tasks import run_rerun_parts
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_metric, make_project, make_samples

BET = Expectation("orders", "up", 0.02)


@pytest.fixture
def ship(shop):
    """A ship that raised the orders by a fifth, looked at after a week."""
    metric = make_metric(shop, "orders")
    start = NOW - timedelta(days=40)
    make_samples(metric, start, [100.0 + n % 7 for n in range(32 * 24)])
    ship = make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=8), expectation=BET)
    make_samples(metric, ship.shipped_at, [120.0 + n % 7 for n in range(8 * 24)])
    perform_checkup(ship.checkups.get(horizon=WEEK), now=NOW)
    return ship


def rerun_all(method="placebo-v1", **facts) -> Rerun:
    rerun = start_rerun(method, now=NOW, **facts)
    while part := claim_part(rerun, now=NOW):
        run_part(part, now=NOW)
    rerun.refresh_from_db()
    return rerun


def stored() -> list[dict]:
    return list(ImpactEstimate.objects.order_by("pk").values())


class TestARerun:
    def test_changes_nothing_by_itself(self, ship):
        before = stored()

        rerun = rerun_all()

        assert (rerun.state, rerun.done) == (Rerun.State.READY, 1)
        assert stored() == before

    def test_with_the_same_method_and_samples_finds_the_same(self, ship):
        rerun = rerun_all("bank-v3")

        assert rerun.summary["count"] == {"looked": 1, "same": 1}

    def test_with_another_method_says_what_would_change(self, ship):
        rerun = rerun_all()

        assert rerun.summary["count"] == {"looked": 1, "other numbers": 1}
        assert Recalculated.objects.get().values["method"] == "placebo-v1"

    def test_says_which_verdicts_would_change(self, ship):
        ImpactEstimate.objects.update(effect=-0.2, low=-0.3, high=-0.1)

        rerun = rerun_all("bank-v3")

        assert rerun.summary["verdicts"] == [[ship.pk, Verdict.REFUTED, Verdict.SUPPORTED]]

    def test_takes_the_ships_of_one_project_since_a_moment(self, ship, shop):
        assert rerun_all(project=make_project()).total == 0
        assert rerun_all(project=shop).total == 1
        assert rerun_all(since=NOW - timedelta(days=2)).total == 0

    def test_of_nothing_is_ready_at_once(self, db):
        assert start_rerun("bank-v3", now=NOW).state == Rerun.State.READY

    def test_may_run_a_part_twice(self, ship):
        rerun = start_rerun("placebo-v1", now=NOW)
        part = claim_part(rerun, now=NOW)

        run_part(part, now=NOW)
        run_part(part, now=NOW)

        rerun.refresh_from_db()
        assert (rerun.done, Recalculated.objects.count()) == (1, 1)

    def test_gives_a_part_to_one_worker(self, ship):
        rerun = start_rerun("bank-v3", now=NOW)

        assert claim_part(rerun, now=NOW)
        assert claim_part(rerun, now=NOW) is None

    def test_gives_a_part_of_a_dead_worker_to_another(self, ship, settings):
        rerun = start_rerun("bank-v3", now=NOW)
        claim_part(rerun, now=NOW)
        later = NOW + timedelta(seconds=settings.STALE_CLAIM_SECONDS + 1)

        assert claim_part(rerun, now=later)

    def test_is_split_into_parts_of_one_project(self, ship, monkeypatch):
        monkeypatch.setattr(reestimating, "PART", 1)
        perform_checkup(ship.checkups.get(horizon=timedelta(days=1)), now=NOW)

        rerun = start_rerun("bank-v3", now=NOW)

        assert [len(part.checkups) for part in RerunPart.objects.filter(rerun=rerun)] == [1, 1]


class TestAccepting:
    def test_puts_the_new_in_the_place_of_the_old(self, ship):
        before = ImpactEstimate.objects.get()

        changed = accept_rerun(rerun_all(), now=NOW + timedelta(hours=1))

        after = ImpactEstimate.objects.get()
        assert changed == 1
        assert (after.pk, after.method) == (before.pk, "placebo-v1")
        assert after.effect != before.effect
        assert Recalculated.objects.count() == 0

    def test_makes_a_new_version_of_a_confirmed_learning_that_it_overturns(self, ship):
        ImpactEstimate.objects.update(effect=-0.2, low=-0.3, high=-0.1)
        Learning.objects.update(verdict=Verdict.REFUTED, state=Learning.State.CONFIRMED)

        accept_rerun(rerun_all("bank-v3"), now=NOW)

        versions = Learning.objects.order_by("version").values_list("version", "verdict")
        assert list(versions) == [(1, Verdict.REFUTED), (2, Verdict.SUPPORTED)]

    def test_is_done_once(self, ship):
        rerun = rerun_all()
        accept_rerun(rerun, now=NOW)
        rerun.refresh_from_db()

        with pytest.raises(NotReady):
            accept_rerun(rerun, now=NOW)
        with pytest.raises(NotReady):
            drop_rerun(rerun)

    def test_waits_until_every_part_is_done(self, ship):
        with pytest.raises(NotReady):
            accept_rerun(start_rerun("placebo-v1", now=NOW), now=NOW)

    def test_can_be_declined(self, ship):
        before = stored()

        drop_rerun(rerun_all())

        assert (stored(), Recalculated.objects.count()) == (before, 0)


class TestTheTask:
    def test_runs_all_parts(self, ship):
        rerun = start_rerun("placebo-v1", now=NOW)

        run_rerun_parts(rerun_id=rerun.pk)

        rerun.refresh_from_db()
        assert rerun.state == Rerun.State.READY


class TestTheCommand:
    def test_shows_and_then_takes(self, ship, capsys):
        call_command("reestimate", "--method", "placebo-v1")
        shown = capsys.readouterr().out

        assert "1 estimates made anew with placebo-v1" in shown
        assert "Nothing has changed yet" in shown

        call_command("reestimate", "--accept", str(Rerun.objects.get().pk))

        assert ImpactEstimate.objects.get().method == "placebo-v1"

    def test_says_that_there_is_nothing(self, shop, capsys):
        call_command("reestimate", "--project", shop.slug)

        assert "nothing to redo" in capsys.readouterr().out

    def test_refuses_what_is_not_there(self, db):
        with pytest.raises(CommandError, match="There is no rerun 7"):
            call_command("reestimate", "--accept", "7")
        with pytest.raises(CommandError, match="since"):
            call_command("reestimate", "--since", "soon")

    def test_refuses_to_take_a_rerun_twice(self, ship):
        call_command("reestimate", "--method", "placebo-v1")
        number = str(Rerun.objects.get().pk)
        call_command("reestimate", "--accept", number)

        with pytest.raises(CommandError, match="accepted"):
            call_command("reestimate", "--accept", number)
