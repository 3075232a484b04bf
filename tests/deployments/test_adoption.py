"""How far customers have taken up a ship, and when its window starts."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from common.errors import BadInput
from deployments.adoption import LONGEST_WAIT, is_measured, measure, waits
from deployments.adoption_rules import (
    Hour,
    Version,
    Wish,
    first_reached,
    hours_on,
    read_wish,
    versions_having,
)
from deployments.models import Adoption, Deployment
from deployments.tasks import measure_adoption
from engagement.models import VersionUse
from learning.checkup import perform_checkup
from learning.estimating import estimate_checkup
from learning.findings_adoption import find_unused
from learning.findings_people import DESERVES_MAIL
from learning.models import Finding, ImpactEstimate
from tests.factories import NOW, make_deployment, make_metric, make_project

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHIPPED = NOW - 3 * DAY


def uses(project, version, at, users, *, span="hour", **facts):
    return VersionUse.objects.create(
        project=project, span=span, starts_at=at, version=version, users=users, **facts
    )


def spread(project, shares, *, of=100, old="1.0", new="2.0", start=SHIPPED, **facts):
    """Note that hour by hour these shares of customers were on the new version."""
    for number, share in enumerate(shares):
        at = start + number * HOUR
        uses(project, new, at, round(of * share), **facts)
        uses(project, old, at, of - round(of * share), **facts)


@pytest.fixture
def ship(shop) -> Deployment:
    make_deployment(shop, "1.0", shipped_at=SHIPPED - 20 * DAY)
    return make_deployment(shop, "2.0", shipped_at=SHIPPED)


def fresh(ship) -> Deployment:
    return Deployment.objects.get(pk=ship.pk)


class TestWhatATeamSays:
    """The `adoption` of a deploy call."""

    @pytest.mark.parametrize(
        ("told", "wish"),
        [
            (None, Wish()),
            ("25%", Wish(0.25)),
            (0.5, Wish(0.5)),
            ("0.5", Wish(0.5)),
            ("share_on_new", Wish(metric="share_on_new")),
            ({"metric": "share_on_new", "share": "5%"}, Wish(0.05, "share_on_new")),
        ],
    )
    def test_is_read(self, told, wish):
        assert read_wish(told) == wish

    @pytest.mark.parametrize(
        "told", [0, "0%", 1.5, "120%", True, [1], {}, {"percent": 5}, {"share": "x"}]
    )
    def test_is_refused_where_it_makes_no_sense(self, told):
        with pytest.raises(BadInput, match="adoption"):
            read_wish(told)

    def test_that_cannot_be_read_is_a_problem_of_the_ship_and_loses_nothing(self, api):
        sent = {"version": "3.0", "adoption": "120%"}
        told = api.post("/api/v1/deployments/", sent, content_type="application/json").json()
        assert any("adoption" in problem for problem in told["problems"])
        assert Deployment.objects.get(version="3.0").extra["adoption"] == "120%"


class TestTheRules:
    """Pure: shares of customers in, a moment out."""

    def test_the_first_hour_at_the_threshold_counts(self):
        hours = [Hour(NOW + n * HOUR, share, 100) for n, share in enumerate([0.02, 0.1, 0.3])]
        assert first_reached(hours, 0.1) == NOW + HOUR

    def test_hours_of_few_customers_are_taken_together(self):
        hours = [Hour(NOW + n * HOUR, share, 10) for n, share in enumerate([1.0, 0.0, 0.0, 0.0])]
        assert first_reached(hours, 0.5) is None
        assert first_reached(hours, 0.1) == NOW + 2 * HOUR

    def test_an_hour_that_is_there_by_chance_does_not_count(self):
        def reached(*shares):
            hours = [Hour(NOW + n * HOUR, share, 40) for n, share in enumerate(shares)]
            return first_reached(hours, 0.1)

        assert reached(0.05, 0.125, 0.05, 0.05, 0.15, 0.05, 0.05) is None
        assert reached(0.05, 0.125, 0.05, 0.125, 0.2, 0.3) == NOW + 3 * HOUR
        assert reached(0.05, 0.125) is None  # the hours to come will tell
        assert reached(0.05, 0.4) == NOW + HOUR

    def test_a_steady_twentieth_of_few_customers_is_not_a_tenth(self):
        chance = random.Random(1)
        hours = [
            Hour(NOW + n * HOUR, sum(chance.random() < 0.05 for _ in range(40)) / 40, 40)
            for n in range(7 * 24)
        ]

        assert max(hour.share for hour in hours) > 0.1
        assert first_reached(hours, 0.1) is None

    def test_fewer_customers_than_that_tell_nothing(self):
        assert first_reached([Hour(NOW, 1.0, 29)], 0.1) is None

    def test_shares_are_those_of_all_who_were_there(self):
        rows = [(NOW, "2.0", 30), (NOW, "1.0", 60), (NOW, "2.1", 10)]
        assert hours_on(rows, {"2.0", "2.1"}) == [Hour(NOW, 0.4, 100)]

    def test_a_later_version_has_the_ship_too_but_not_an_earlier_one_shipped_again(self):
        ships = [Version("1.0"), Version("2.0"), Version("2.1"), Version("1.0")]
        assert versions_having(["v2.0", "2.1", "1.0", "0.9"], ships, 1) == ({"v2.0", "2.1"}, True)

    def test_versions_of_something_else_are_told_apart(self):
        assert versions_having(["build-7"], [Version("2.0")], 0) == (set(), False)


class TestMeasuring:
    """Versions that customers named, or a metric, beside a ship."""

    def test_the_window_starts_when_a_tenth_have_it(self, ship, shop):
        spread(shop, [0.01, 0.04, 0.09, 0.12, 0.3])
        found = measure(ship, now=NOW)
        assert found.reached_at == SHIPPED + 3 * HOUR
        assert fresh(ship).starts_at == SHIPPED + 3 * HOUR
        assert (found.share, found.users) == (0.3, 100)

    def test_a_team_may_wait_for_more(self, shop):
        make_deployment(shop, "1.0", shipped_at=SHIPPED - DAY)
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED, extra={"adoption": "30%"})
        spread(shop, [0.1, 0.2, 0.3, 0.5])
        assert measure(ship, now=NOW).reached_at == SHIPPED + 2 * HOUR

    def test_the_window_never_starts_before_the_ship(self, ship, shop):
        ship.shipped_at = SHIPPED + timedelta(minutes=40)
        ship.save()
        spread(shop, [0.5])
        assert measure(ship, now=NOW).reached_at == ship.shipped_at

    def test_where_nobody_names_versions_it_starts_when_the_ship_went_live(self, ship):
        assert measure(ship, now=NOW) is None
        assert fresh(ship).starts_at == SHIPPED

    def test_versions_that_are_none_of_ours_tell_nothing(self, ship, shop):
        spread(shop, [0.1], old="build-8", new="build-9")
        assert measure(ship, now=NOW) is None

    def test_before_anybody_has_it_it_waits(self, ship, shop):
        uses(shop, "1.0", SHIPPED, 80)
        assert measure(ship, now=NOW).share == 0
        assert waits(fresh(ship), now=NOW)

    def test_it_does_not_wait_for_ever(self, ship, shop):
        uses(shop, "1.0", SHIPPED, 80)
        measure(ship, now=NOW)
        assert not waits(fresh(ship), now=SHIPPED + LONGEST_WAIT)

    def test_other_environments_and_services_tell_nothing(self, shop):
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED, service="api")
        spread(shop, [0.9], environment="staging")
        spread(shop, [0.9], service="web", environment="production")
        assert measure(ship, now=NOW) is None
        spread(shop, [0.2], service="API", environment="Production")
        assert measure(ship, now=NOW).share == 0.2

    def test_another_project_tells_nothing(self, ship):
        spread(make_project(), [0.9])
        assert measure(ship, now=NOW) is None

    def test_a_metric_may_be_the_share(self, shop):
        metric = make_metric(shop, "on_new", kind="ratio")
        for number, share in enumerate([0.05, 0.2]):
            metric.samples.create(
                taken_at=SHIPPED + number * HOUR, value=share, exposure=500, received_at=NOW
            )
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED, extra={"adoption": "on_new"})
        assert measure(ship, now=NOW).reached_at == SHIPPED + HOUR

    def test_a_metric_in_per_cent_is_read_as_one(self, shop):
        metric = make_metric(shop, "on_new", kind="gauge", unit="%")
        metric.samples.create(taken_at=SHIPPED, value=7.0, received_at=NOW)
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED, extra={"adoption": "on_new"})
        assert measure(ship, now=NOW).share == pytest.approx(0.07)

    def test_measuring_again_changes_nothing(self, ship, shop):
        spread(shop, [0.01, 0.4])
        first = measure(ship, now=NOW)
        assert measure(fresh(ship), now=NOW) == first
        assert Adoption.objects.get().reached_at == SHIPPED + HOUR

    def test_what_came_since_is_all_that_is_read_again(self, ship, shop):
        spread(shop, [0.01] * 5)
        measure(ship, now=SHIPPED + 5 * HOUR)
        spread(shop, [0.02, 0.25], start=SHIPPED + 5 * HOUR)
        assert measure(fresh(ship), now=NOW).reached_at == SHIPPED + 6 * HOUR


class TestLooks:
    """Looks wait for customers."""

    def test_move_with_the_start_of_the_window(self, ship, shop):
        ship.checkups.update(finished_at=None)
        spread(shop, [0.0, 0.0, 0.5])
        measure(ship, now=NOW)
        week = ship.checkups.get(horizon=7 * DAY)
        assert week.due_at == SHIPPED + 2 * HOUR + 7 * DAY

    def test_are_put_off_while_hardly_anybody_has_it(self, ship, shop):
        spread(shop, [0.01])
        day = ship.checkups.get(horizon=DAY)
        perform_checkup(day, now=NOW)
        day.refresh_from_db()
        assert day.finished_at is None
        assert day.due_at == NOW + DAY
        assert not ImpactEstimate.objects.exists()

    def test_are_taken_as_they_stand_once_it_waited_long_enough(self, ship, shop):
        spread(shop, [0.01])
        measure(ship, now=NOW)
        late = SHIPPED + LONGEST_WAIT + HOUR
        assert is_measured(fresh(ship), now=late)
        day = fresh(ship).checkups.get(horizon=DAY)
        perform_checkup(day, now=late)
        day.refresh_from_db()
        assert day.finished_at == late

    def test_estimate_from_when_enough_have_it(self, ship, shop):
        metric = make_metric(shop, "visits", kind="count")
        for number in range(-20 * 24, 3 * 24):
            metric.samples.create(
                taken_at=SHIPPED + number * HOUR, value=100 + number % 7, received_at=NOW
            )
        spread(shop, [0.0, 0.0, 0.5])
        measure(ship, now=NOW)
        (row,) = estimate_checkup(fresh(ship).checkups.get(horizon=DAY), now=NOW)
        assert row.window_start_at == SHIPPED + 2 * HOUR
        assert row.window_end_at == SHIPPED + 2 * HOUR + DAY

    def test_the_bell_measures_the_young_ships_that_can_be(self, ship, shop, monkeypatch):
        uses(shop, "2.0", SHIPPED, 80, span="day")
        uses(shop, "2.0", SHIPPED, 80)
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
        measure_adoption()
        assert fresh(ship).adopted.reached_at == SHIPPED


class TestNobodyUsesIt:
    """A finding for those who shipped, a week after."""

    WEEK_LATER = SHIPPED + 7 * DAY + HOUR

    def found(self, ship, shares, **facts):
        spread(ship.project, shares, **facts)
        measure(ship, now=self.WEEK_LATER)
        return find_unused(ship.project, now=self.WEEK_LATER)

    def test_is_found_where_hardly_anybody_has_it(self, ship):
        (finding,) = self.found(ship, [0.02], of=1000)
        assert finding.kind == Finding.Kind.NOBODY_USES_IT
        assert finding.headline == "2% of the customers have 2.0, 7 days after it went live"
        assert find_unused(ship.project, now=self.WEEK_LATER) == []

    def test_is_not_found_in_less_than_a_week(self, ship, shop):
        spread(shop, [0.02], of=1000)
        measure(ship, now=SHIPPED + 6 * DAY)
        assert find_unused(shop, now=SHIPPED + 6 * DAY) == []

    def test_is_not_found_where_it_may_be_enough(self, ship):
        assert self.found(ship, [0.09], of=100) == []

    def test_is_not_found_of_a_ship_that_enough_have(self, ship):
        assert self.found(ship, [0.2, 0.01], of=1000) == []

    def test_is_not_found_of_history(self, ship):
        ship.received_at = self.WEEK_LATER + 30 * DAY
        ship.save()
        assert self.found(ship, [0.02], of=1000) == []

    def test_is_in_nobodys_mail_but_on_the_ships_page(self, ship, as_ada):
        (finding,) = self.found(ship, [0.0], of=1000)
        page = as_ada.get(f"/p/{ship.project.slug}/ships/{ship.pk}/").content.decode()
        assert "None of the customers have 2.0" in page
        assert finding.kind not in DESERVES_MAIL


class TestThePage:
    """What a ship's page and the API say of its adoption."""

    def page(self, client, ship) -> str:
        return client.get(f"/p/{ship.project.slug}/ships/{ship.pk}/").content.decode()

    def test_says_since_when_it_is_measured(self, ship, shop, as_vic):
        spread(shop, [0.0, 0.0, 0.5])
        measure(ship, now=NOW)
        assert "10% of customers had it after 2 h." in self.page(as_vic, ship)

    def test_says_what_it_waits_for(self, shop, as_vic):
        now = timezone.now()
        make_deployment(shop, "1.0", shipped_at=now - 20 * DAY)
        ship = make_deployment(shop, "2.0", shipped_at=now - DAY)
        spread(shop, [0.04], start=now - DAY)
        measure(ship, now=now)
        assert "4% of customers so far" in self.page(as_vic, ship)

    def test_says_nothing_where_nobody_measures_it(self, ship, as_vic):
        assert "Who has it" not in self.page(as_vic, ship)

    def test_the_api_tells_it(self, ship, shop, api):
        address = f"/api/v1/deployments/{ship.pk}/"
        assert api.get(address).json()["adoption"] is None
        spread(shop, [0.01, 0.5])
        measure(ship, now=NOW)
        told = api.get(address).json()["adoption"]
        assert (told["share"], told["threshold"], told["users"]) == (0.5, 0.1, 100)
        assert told["reached_at"] == "2026-03-15T13:00:00Z"


class TestTheShareThatIsShown:
    def test_is_that_of_the_customers_of_a_day_where_days_are_counted(self, shop, ship):
        spread(shop, [0.0] * 70, of=40)
        for days, on in ((2, 1), (1, 2)):
            at = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - (days - 1) * DAY
            spread(shop, [on / 100], of=100, start=at, span="day")

        adoption = measure(ship, now=NOW)

        assert (adoption.share, adoption.users) == (0.02, 100)

    def test_is_that_of_yesterday_while_today_has_just_begun(self, shop, ship):
        today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
        spread(shop, [0.0] * 70, of=40)
        spread(shop, [0.05], of=100, start=today - DAY, span="day")
        spread(shop, [0.0], of=40, start=today, span="day")

        assert measure(ship, now=NOW).share == 0.05

    def test_makes_no_finding_of_nobody_out_of_a_quiet_hour(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 30 * DAY, now=NOW - 30 * DAY)
        shipped_at = NOW - 7 * DAY - HOUR
        ship = make_deployment(shop, "2.0", shipped_at=shipped_at, now=shipped_at)
        spread(shop, [0.0] * 160, of=40, start=shipped_at)
        today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
        spread(shop, [0.02], of=200, start=today, span="day")
        measure(ship, now=NOW)

        [finding] = find_unused(shop, now=NOW)

        assert "2% of the customers have 2.0" in str(finding)
