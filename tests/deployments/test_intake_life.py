"""Ships on one line: who takes over, who comes back, and which calls are about one ship."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deployments.intake import record_deployment
from deployments.models import Checkup, Deployment, OtherId
from deployments.ship import Person, Ship, ShippedChange
from tests.factories import NOW, make_project

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SHA = "3f2c1d9e8b7a6f5d4c3b2a190817263544536271"


def record(project, version="1.0", *, at=NOW, **facts):
    ship = Ship(version=version, shipped_at=at, said_when=True, **facts)
    return record_deployment(project=project, ship=ship, now=NOW)


def line(project) -> list[tuple[str, str, float | None]]:
    """Return (version, status, hours from going live to being rolled back), oldest first."""
    return [
        (
            ship.version,
            ship.status,
            ship.rolled_back_at and (ship.rolled_back_at - ship.shipped_at) / HOUR,
        )
        for ship in project.deployments.order_by("shipped_at", "version")
    ]


class TestAnOlderVersionThatComesBack:
    def test_is_a_ship_of_its_own_that_took_back_the_one_it_replaced(self, shop):
        record(shop, "1.0", at=NOW - 3 * HOUR)
        taken = record(shop, "1.1", at=NOW - 2 * HOUR).deployment

        back = record(shop, "1.0", at=NOW).deployment

        taken.refresh_from_db()
        assert list(back.rolls_back.all()) == [taken]
        assert (taken.status, taken.rolled_back_at) == ("rolled_back", NOW)

    def test_takes_back_all_that_came_since(self, shop):
        for hours, version in ((5, "1.0"), (4, "1.1"), (3, "1.2"), (0, "1.0")):
            record(shop, version, at=NOW - hours * HOUR)

        assert line(shop) == [
            ("1.0", "succeeded", None),
            ("1.1", "rolled_back", 4),
            ("1.2", "rolled_back", 3),
            ("1.0", "succeeded", None),
        ]

    def test_is_none_if_it_is_the_same_version_again(self, shop):
        record(shop, "1.0", at=NOW - HOUR, external_id="ci-1")
        record(shop, "1.0", at=NOW, external_id="ci-2")

        assert not Deployment.objects.filter(status="rolled_back").exists()

    @pytest.mark.parametrize("facts", [{"environment": "staging"}, {"service": "api"}])
    def test_is_none_if_it_comes_elsewhere(self, shop, facts):
        record(shop, "1.0", at=NOW - 3 * HOUR)
        record(shop, "1.1", at=NOW - 2 * HOUR)
        record(shop, "1.0", at=NOW, **facts)

        assert not Deployment.objects.filter(status="rolled_back").exists()

    def test_is_seen_when_history_comes_in_later(self, shop):
        record(shop, "1.1", at=NOW - 2 * HOUR)
        record(shop, "1.0", at=NOW)
        record(shop, "1.0", at=NOW - 3 * HOUR, external_id="ci-1")

        assert line(shop)[1] == ("1.1", "rolled_back", 2)

    def test_is_taken_for_one_no_longer_when_a_clock_is_put_right(self, shop):
        record(shop, "1.0", at=NOW - 3 * HOUR)
        record(shop, "1.1", at=NOW - 2 * HOUR, external_id="ci-1")
        record(shop, "1.0", at=NOW, external_id="ci-2")
        record(shop, "1.1", at=NOW - 4 * HOUR, external_id="ci-1")

        assert {status for _, status, _ in line(shop)} == {"succeeded"}

    def test_is_found_by_its_commit_whatever_it_is_called(self, shop):
        record(shop, "1.0", at=NOW - 3 * HOUR, sha=SHA)
        record(shop, "1.1", at=NOW - 2 * HOUR, sha="aaaaaaaaaa")
        record(shop, "hotfix", at=NOW, sha=SHA)

        assert line(shop)[1][1] == "rolled_back"

    def test_parts_calls_that_were_taken_for_retries(self, shop):
        change = ShippedChange("commit", "abc", "Fix the cart")
        record(shop, "1.0", at=NOW - 3 * HOUR, people=(Person("ada@example.com"),))
        record(shop, "1.0", at=NOW, changes=(change,))
        record(shop, "1.1", at=NOW - HOUR)

        assert line(shop)[1:] == [("1.1", "rolled_back", 1), ("1.0", "succeeded", None)]
        back = shop.deployments.get(shipped_at=NOW)
        assert (back.shippers.get().email, back.changes.get().ref) == ("ada@example.com", "abc")
        assert back.checkups.count() == 6

    def test_keeps_the_moment_a_tool_named_if_that_was_earlier(self, shop):
        record(shop, "1.0", at=NOW - 3 * HOUR)
        record(shop, "1.1", at=NOW - 2 * HOUR)
        record(shop, "1.0", at=NOW)
        record(shop, "1.1", at=NOW - HOUR, status="rolled_back")

        assert line(shop)[1] == ("1.1", "rolled_back", 1)


class TestAnyOrderOfArrival:
    STORY = (
        ("1.0", "pending", -301),
        ("1.0", "succeeded", -300),
        ("1.1", "in_progress", -245),
        ("1.1", "succeeded", -240),
        ("1.1", "failed", -239),
        ("1.0", "succeeded", -200),
        ("1.2", "failed", -120),
        ("1.2", "succeeded", -100),
        ("1.1", "succeeded", -50),
    )
    ENDS = [
        ("1.0", "succeeded", -300, None),
        ("1.1", "rolled_back", -240, -200),
        ("1.0", "succeeded", -200, None),
        ("1.2", "rolled_back", -100, -50),
        ("1.1", "succeeded", -50, None),
    ]

    @pytest.mark.django_db
    @pytest.mark.parametrize("has_ids", [True, False])
    def test_and_any_repetition_end_in_the_same_line(self, has_ids):
        ids = iter(range(1000))

        @given(st.permutations(self.STORY * 2))
        @settings(
            max_examples=8,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        def arrives(messages):
            project = make_project(f"Any order {has_ids} {next(ids)}")
            for version, status, minute in messages:
                known_as = f"ci-{version}-{minute > -230}" if has_ids else ""
                record(
                    project, version, at=NOW + minute * MINUTE, status=status, external_id=known_as
                )
            found = [
                (
                    ship.version,
                    ship.status,
                    (ship.shipped_at - NOW) / MINUTE,
                    ship.rolled_back_at and (ship.rolled_back_at - NOW) / MINUTE,
                )
                for ship in project.deployments.order_by("shipped_at")
            ]
            assert found == self.ENDS

        arrives()


class TestOneShipToldByTwoTools:
    def test_is_one_ship_with_both_ids(self, shop):
        github = record(shop, SHA[:12], sha=SHA, external_id="github:1:7").deployment
        ours = record(shop, "1.0", at=NOW + 2 * MINUTE, sha=SHA, external_id="ci-9").deployment

        assert github == ours
        assert ours.other_ids.get().external_id == "ci-9"

    def test_may_be_told_by_two_events_of_one_tool(self, shop):
        record(shop, "v1.0", sha=SHA, external_id="github:1:release:3", at=NOW - MINUTE)

        assert not record(shop, SHA[:12], sha=SHA, external_id="github:1:7").created

    def test_is_found_again_by_either(self, shop):
        record(shop, sha=SHA, external_id="github:1:7")
        record(shop, sha=SHA, external_id="ci-9")
        record(shop, sha=SHA, external_id="ci-9", title="Cart", at=NOW + 5 * HOUR)
        record(shop, sha=SHA, external_id="github:1:7", url="https://x.test", at=NOW - 5 * HOUR)

        ship = Deployment.objects.get()
        assert (ship.title, ship.url) == ("Cart", "https://x.test")

    def test_has_the_version_of_the_tool_that_knows_one(self, shop):
        record(shop, SHA[:12], sha=SHA, external_id="github:1:7")
        record(shop, "1.0", sha=SHA, external_id="ci-9")

        assert Deployment.objects.get().version == "1.0"

    def test_is_one_if_the_second_has_no_id(self, shop):
        record(shop, sha=SHA, external_id="github:1:7")

        assert not record(shop, sha=SHA, at=NOW + MINUTE).created

    def test_is_one_if_the_first_had_no_id(self, shop):
        record(shop, sha=SHA)

        assert not record(shop, sha=SHA, at=NOW + MINUTE, external_id="github:1:7").created

    def test_is_one_if_the_other_tool_told_of_the_job_first(self, shop):
        record(shop, sha=SHA, external_id="github:1:7", status="in_progress", at=NOW - 9 * MINUTE)
        record(shop, sha=SHA, external_id="ci-9")
        record(shop, sha=SHA, external_id="github:1:7", at=NOW + MINUTE)

        ship = Deployment.objects.get()
        assert (ship.status, ship.shipped_at) == ("succeeded", NOW)

    @pytest.mark.parametrize(
        "facts",
        [
            {"at": NOW + HOUR},
            {"sha": "a" * 40},
            {"environment": "staging"},
            {"service": "api"},
            {"kind": "config"},
            {"external_id": "github:1:8"},
        ],
    )
    def test_are_two_if_they_differ_in_what_matters(self, shop, facts):
        record(shop, sha=SHA, external_id="github:1:7")

        assert record(shop, **{"sha": SHA, "external_id": "ci-9", **facts}).created

    def test_an_id_of_another_project_is_never_found(self, shop, cleo):
        record(shop, sha=SHA, external_id="github:1:7")
        record(shop, sha=SHA, external_id="ci-9")

        assert record(cleo.projects.get(), sha=SHA, external_id="ci-9").created
        assert OtherId.objects.count() == 1


class TestWhatIsNoCode:
    @pytest.mark.parametrize("kind", ["flag", "config", "manual"])
    def test_has_the_same_checkups(self, shop, kind):
        ship = record(shop, "new-cart on", kind=kind).deployment

        assert (ship.kind, ship.checkups.count()) == (kind, 6)

    def test_is_not_rolled_back_by_what_comes_after(self, shop):
        for hours, version in ((3, "cart on"), (2, "cart off"), (1, "cart on")):
            record(shop, version, at=NOW - hours * HOUR, kind="flag", external_id=f"ld-{hours}")

        assert {status for _, status, _ in line(shop)} == {"succeeded"}

    def test_does_not_come_between_two_versions_of_the_code(self, shop):
        record(shop, "1.0", at=NOW - 2 * HOUR)
        record(shop, "2.0", at=NOW - HOUR, kind="config")

        assert not record(shop, "1.0", at=NOW).created


class TestCheckupsOfAShipWhoseTimeMoves:
    def test_move_with_it(self, shop):
        record(shop, external_id="7")
        ship = record(shop, external_id="7", at=NOW - HOUR).deployment

        assert ship.checkups.get(horizon=HOUR).due_at == NOW

    def test_stay_where_they_were_looked_at(self, shop):
        record(shop, external_id="7")
        Checkup.objects.filter(horizon=HOUR).update(finished_at=NOW)
        ship = record(shop, external_id="7", at=NOW - HOUR).deployment

        assert ship.checkups.get(horizon=HOUR).due_at == NOW + HOUR


class TestARetry:
    def test_that_says_nothing_new_changes_nothing(self, shop):
        first, second = record(shop, sha=SHA, title="Cart"), record(shop, sha=SHA, title="Cart")

        assert (first.changed, second.changed) == (True, False)
