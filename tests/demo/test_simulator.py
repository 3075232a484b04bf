from datetime import datetime, timedelta

import pytest

from demo.simulator import simulate
from deployments.providers import generic
from feedback.rows import read_feedback
from tests.demo.conftest import NOW, SEED

DAY = timedelta(days=1)


def ship_of(world, version):
    return next(ship for ship in world.ships if ship.version == version)


def mean_of(world, metric, start, end):
    rows = [
        row
        for row in world.samples
        if row["metric"] == metric and start <= datetime.fromisoformat(row["at"]) < end
    ]
    if "denominator" in rows[0]:
        return sum(row["numerator"] for row in rows) / sum(row["denominator"] for row in rows)
    return sum(row["value"] for row in rows) / len(rows)


class TestSimulate:
    def test_gives_the_same_world_for_the_same_seed_and_moment(self, world):
        again = simulate(seed=SEED, now=NOW)

        assert again == world

    def test_gives_other_data_for_another_seed(self, world):
        other = simulate(seed=SEED + 1, now=NOW)

        assert other.samples != world.samples
        assert other.feedback != world.feedback

    def test_tells_of_forty_ships_and_three_thousand_voices(self, world):
        assert (len(world.ships), len(world.feedback), len(world.metrics)) == (40, 3000, 5)

    def test_has_a_sample_of_each_metric_for_every_hour(self, world):
        hours = (12 * 7 + 28) * 24

        assert len(world.samples) == 5 * hours
        assert len({(row["metric"], row["at"]) for row in world.samples}) == 5 * hours

    def test_knows_nothing_of_the_future(self, world):
        now = NOW.isoformat()

        assert max(row["created_at"] for row in world.feedback) <= now
        assert max(row["at"] for row in world.samples) <= (NOW - timedelta(hours=1)).isoformat()
        assert max(ship.shipped_at for ship in world.ships) <= NOW

    def test_can_tell_a_shorter_story(self):
        short = simulate(seed=SEED, now=NOW, weeks=3)

        assert len(short.feedback) == 750
        assert all(ship.shipped_at >= NOW - timedelta(weeks=3) for ship in short.ships)


class TestShips:
    def test_are_all_readable_to_the_last_decoration(self, world):
        read = [generic.parse(ship.body, now=NOW) for ship in world.ships]

        assert [ship.problems for ship in read] == [()] * 40

    def test_have_a_hypothesis_in_the_call_or_in_a_commit_or_none(self, world):
        read = [generic.parse(ship.body, now=NOW) for ship in world.ships]
        stated = [ship for ship in read if ship.expectation]

        assert len(stated) == 17
        assert sum(bool(ship.body["hypothesis"]) for ship in world.ships) == 5

    def test_that_failed_changed_nothing(self, world):
        failed = ship_of(world, "3.5.0")

        assert failed.body["status"] == "failed"
        assert not failed.effects
        assert "3.5.0" not in world.truth.about.values()

    def test_that_mend_something_name_complaints_about_it(self, world):
        mended = ship_of(world, "3.6.1")

        assert mended.fixes
        assert {world.truth.about[fixed] for fixed in mended.fixes} == {"3.6.0"}


class TestEffects:
    @pytest.mark.parametrize(
        ("version", "metric", "effect"),
        [
            ("3.2.0", "page_load_seconds", -0.18),
            ("3.4.0", "signups", 0.32),
            ("3.6.0", "support_contact_rate", 0.55),
            ("3.11.0", "active_users", 0.15),
        ],
    )
    def test_are_in_the_samples(self, world, version, metric, effect):
        shipped_at = ship_of(world, version).shipped_at
        # Whole days next to the ship's own hour, a week apart, so that no season is in between.
        before = mean_of(world, metric, shipped_at - 7 * DAY, shipped_at - 4 * DAY)
        after = mean_of(world, metric, shipped_at + DAY / 24, shipped_at + 3 * DAY)

        assert after / before - 1 == pytest.approx(effect, abs=0.12)

    def test_end_when_a_ship_is_taken_back(self, world):
        ship = ship_of(world, "3.8.0")
        back = ship.rolled_back_at

        during = world.truth.effect("3.8.0", "page_load_seconds", ship.shipped_at, back)
        later = world.truth.effect("3.8.0", "page_load_seconds", back, back + DAY)

        assert (during, later) == (pytest.approx(0.42), 0.0)


class TestVoices:
    def test_are_all_taken_by_the_feedback_door(self, world):
        read = [read_feedback(row, now=NOW) for row in world.feedback]

        assert len({one.external_id for one in read}) == 3000

    def test_never_speak_of_a_ship_before_it_is_live(self, world):
        live = {ship.version: ship.shipped_at.isoformat() for ship in world.ships}

        assert all(
            row["created_at"] > live[version]
            for row in world.feedback
            if (version := world.truth.about[row["id"]])
        )

    def test_run_newer_versions_only_after_a_while(self, world):
        """Some customers already run the newest ship, some do not yet."""
        second = ship_of(world, "3.6.0").shipped_at
        said = [
            row["version"]
            for row in world.feedback
            if "version" in row
            and second <= datetime.fromisoformat(row["created_at"])
            and datetime.fromisoformat(row["created_at"]) < second + DAY
        ]

        assert {"3.6.0"} < set(said)

    def test_come_in_many_languages_and_scripts(self, world):
        text = " ".join(row["text"] for row in world.feedback)

        assert all(
            sample in text for sample in ("Versand", "livraison", "שלוח", "سريع", "商品", "😍")
        )

    def test_name_no_customer_but_by_a_number(self, world):
        for who in (row["customer"] for row in world.feedback):
            address = f"{who['id']}@customers.example"
            assert set(who) <= {"id", "email"} and who["id"][2:].isdigit()
            assert who.get("email", address) == address
