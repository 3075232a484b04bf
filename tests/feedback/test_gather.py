"""Gathering: page by page, nothing lost, nothing doubled, and failures said in plain words."""

from datetime import timedelta

import pytest

from common.attempts import JITTER
from common.hosts import CannotReach
from common.places import ConnectionFault
from feedback import gather
from feedback.connectors.base import Gathered
from feedback.connectors.registry import CONNECTORS
from feedback.gather import gather_page, hurry
from feedback.models import Connection, FeedbackItem
from feedback.tasks import gather_connection, gather_due_connections
from tests.factories import NOW
from tests.feedback.places import KIND, Place, make_connection, said

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def place(monkeypatch) -> Place:
    place = Place(said(1, 2, 3))
    monkeypatch.setitem(CONNECTORS, KIND, place.connector())
    return place


@pytest.fixture
def box(shop, place) -> Connection:
    return make_connection(shop)


def claimed(connection: Connection, now=NOW) -> Connection:
    assert connection.claim(now)
    connection.refresh_from_db()
    return connection


def gather_all(connection: Connection, now=NOW) -> None:
    claimed(connection, now)
    while gather_page(connection, now=now):
        pass
    connection.refresh_from_db()


class TestGathering:
    def test_stores_what_the_place_has_and_whose_it_is(self, box):
        gather_all(box)

        items = FeedbackItem.objects.order_by("external_id")
        assert [item.text for item in items] == ["Suggestion 1", "Suggestion 2", "Suggestion 3"]
        assert {(item.connection, item.source) for item in items} == {(box, KIND)}

    def test_asks_with_what_was_chosen_and_how_far_it_came(self, box, place):
        gather_all(box)

        first, second = place.asked
        assert first.options == {"url": "https://box.example"}
        assert first.secrets == {"token": "t0p-secret-token"}
        assert first.since == box.created_at - 30 * DAY
        assert (first.cursor, second.cursor) == ({}, {"at": 2})

    def test_goes_on_next_time_where_it_stopped(self, box, place):
        gather_all(box)
        place.rows += said(4)

        gather_all(box, now=NOW + HOUR)

        assert place.asked[-1].cursor == {"at": 3}
        assert FeedbackItem.objects.count() == 4

    def test_does_not_store_twice_what_comes_twice(self, box):
        gather_all(box)
        Connection.objects.update(cursor={}, next_due_at=NOW)
        box.refresh_from_db()

        gather_all(box)

        assert FeedbackItem.objects.count() == 3

    def test_counts_what_came_and_notes_when(self, box):
        gather_all(box)

        assert (box.received_count, box.worked_at, box.heard_at) == (3, NOW, NOW)

    def test_hears_nothing_when_nothing_is_new(self, box):
        gather_all(box)
        gather_all(box, now=NOW + HOUR)

        assert (box.received_count, box.worked_at, box.heard_at) == (3, NOW + HOUR, NOW)

    def test_is_due_again_after_the_connectors_own_time_give_or_take(self, box):
        gather_all(box)

        assert 13 * MINUTE < box.next_due_at - NOW < 17 * MINUTE
        assert box.claimed_at is None

    def test_gives_a_row_the_environment_it_does_not_name(self, shop, place):
        place.rows = [*said(1), {**said(2)[0], "environment": "beta"}]
        gather_all(make_connection(shop, environment="production"))

        found = FeedbackItem.objects.order_by("external_id").values_list("environment", flat=True)
        assert list(found) == ["production", "beta"]

    def test_ends_if_a_place_promises_more_but_does_not_move_on(self, box, monkeypatch, place):
        stuck = place.connector(gather=lambda asked: Gathered([], {"at": 0}, has_more=True))
        monkeypatch.setitem(CONNECTORS, KIND, stuck)

        gather_all(box)

        assert box.next_due_at > NOW


class TestABadRow:
    def test_does_not_lose_the_good_ones(self, box, place):
        place.rows, place.page = [*said(1), {"id": "box/2"}, *said(3)], 9

        gather_all(box)

        assert FeedbackItem.objects.count() == 2
        assert box.worked_at == NOW

    def test_is_shown_with_its_place_and_its_reason(self, box, place):
        place.rows, place.page = [*said(1), {"id": "box/2"}, "odd"], 9

        gather_all(box)

        assert [(row["index"], row["id"], row["field"]) for row in box.bad_rows] == [
            (1, "box/2", "text"),
            (2, "", "feedback"),
        ]

    def test_is_one_without_an_id_since_it_could_come_twice(self, box, place):
        place.rows = [{"text": "No id"}]

        gather_all(box)

        assert FeedbackItem.objects.count() == 0
        assert box.bad_rows[0]["field"] == "id"


class TestAFailure:
    def test_is_said_with_its_mend_and_moves_nothing(self, box, place):
        place.fault = ConnectionFault("The token is not valid.", "Enter a new one.")

        gather_all(box)

        assert box.problem == "The token is not valid. Enter a new one."
        assert (box.failures, box.failing_since, box.tried_at) == (1, NOW, NOW)
        assert (box.cursor, box.worked_at, box.claimed_at) == ({}, None, None)

    def test_lets_the_wait_double_up_to_six_hours(self, box, place):
        place.fault = ConnectionFault("It is down.")
        waits = []
        for number in range(12):
            now = NOW + number * DAY
            gather_all(box, now=now)
            waits.append((box.next_due_at - now) / MINUTE)

        expected = [min(2**number, 360) for number in range(12)]
        assert waits == [pytest.approx(minutes, rel=JITTER) for minutes in expected]

    def test_remembers_since_when_it_fails(self, box, place):
        place.fault = ConnectionFault("It is down.")
        gather_all(box)
        gather_all(box, now=NOW + HOUR)

        assert (box.failures, box.failing_since) == (2, NOW)

    def test_is_forgotten_once_it_works(self, box, place):
        place.fault = ConnectionFault("It is down.")
        gather_all(box)
        place.fault = None
        gather_all(box, now=NOW + HOUR)

        assert (box.failures, box.failing_since, box.problem) == (0, None, "")

    def test_waits_as_long_as_the_place_says(self, box, place):
        place.fault = ConnectionFault("Too many calls.", retry_after=timedelta(hours=2))

        gather_all(box)

        assert box.next_due_at == NOW + 2 * HOUR == box.rest_until

    def test_of_the_host_says_what_to_check(self, box, place):
        place.fault = CannotReach("The name box.example is not known.")

        gather_all(box)

        assert "not known. Check the address" in box.problem

    def test_of_wake_itself_tells_no_secret_on_the_page_or_in_the_log(self, box, place, caplog):
        place.fault = RuntimeError("GET https://box.example?key=t0p-secret-token")

        gather_all(box)

        assert "Wake failed here (RuntimeError)" in box.problem
        assert "RuntimeError" in caplog.text
        assert "t0p-secret-token" not in box.problem + caplog.text

    def test_names_no_secret_that_the_place_repeats(self, box, place):
        place.fault = ConnectionFault("The token t0p-secret-token is not valid.")

        gather_all(box)

        assert box.problem == "The token *** is not valid."

    def test_comes_of_a_kind_that_is_gone(self, box, monkeypatch):
        monkeypatch.delitem(CONNECTORS, KIND)

        gather_all(box)

        assert "knows no “suggestions”" in box.problem


class TestAPlaceThatAsksToBeLeftAlone:
    def test_is_asked_again_when_it_said_and_not_before(self, box, place):
        place.wait = timedelta(minutes=40)

        gather_all(box)

        assert len(place.asked) == 1
        assert box.next_due_at == NOW + 40 * MINUTE == box.rest_until

    def test_is_not_hurried(self, shop, box, place):
        place.wait = timedelta(minutes=40)
        gather_all(box)

        assert hurry(shop, now=NOW + 10 * MINUTE) == 0
        assert hurry(shop, now=NOW + 40 * MINUTE) == 0  # it is due by itself


class TestHurrying:
    def test_makes_a_connection_due_that_was_not(self, shop, box):
        gather_all(box)

        assert hurry(shop, now=NOW + 6 * MINUTE) == 1
        assert Connection.objects.due(NOW + 6 * MINUTE).get() == box

    def test_leaves_what_was_gathered_a_moment_ago(self, shop, box):
        gather_all(box)

        assert hurry(shop, now=NOW + MINUTE) == 0

    def test_leaves_what_fails_to_its_growing_waits(self, shop, box, place):
        place.fault = ConnectionFault("It is down.")
        gather_all(box)

        assert hurry(shop, now=NOW) == 0

    def test_leaves_other_projects_and_what_is_paused_or_only_called(self, shop, cleo, place):
        later = NOW + HOUR
        make_connection(cleo.projects.get(), next_due_at=later)
        make_connection(shop, name="Paused", next_due_at=later, is_active=False)
        make_connection(shop, name="Called", next_due_at=None)

        assert hurry(shop, now=NOW) == 0


class TestTheClaim:
    def test_that_was_lost_meanwhile_stores_nothing(self, box, place):
        claimed(box)
        Connection.objects.update(claimed_at=NOW + MINUTE)  # a second worker took it over

        assert gather_page(box, now=NOW) is False
        assert FeedbackItem.objects.count() == 0

    def test_that_was_lost_notes_no_failure_either(self, box, place):
        place.fault = ConnectionFault("It is down.")
        claimed(box)
        Connection.objects.update(claimed_at=NOW + MINUTE)

        gather_page(box, now=NOW)

        assert Connection.objects.get().failures == 0

    def test_of_one_that_was_paused_or_removed_stores_nothing(self, box, place):
        claimed(box)
        Connection.objects.update(is_active=False)
        assert gather_page(box, now=NOW) is False
        Connection.objects.all().delete()

        assert gather_page(box, now=NOW) is False
        assert FeedbackItem.objects.count() == 0

    def test_of_a_dead_worker_is_taken_over_where_it_stopped(self, box, place):
        claimed(box)
        assert gather_page(box, now=NOW) is True  # ... and then it dies
        box = Connection.objects.get()
        assert not box.claim(NOW + MINUTE)

        gather_all(box, now=NOW + HOUR)

        assert FeedbackItem.objects.count() == 3
        assert [asked.cursor for asked in place.asked] == [{}, {"at": 2}]


class TestACrashInTheMiddle:
    def test_saves_neither_the_rows_nor_how_far_it_came(self, box, place, monkeypatch):
        def take_and_fail(*args, **facts):
            took(*args, **facts)
            raise RuntimeError("the power went")

        took = gather.take
        monkeypatch.setattr(gather, "take", take_and_fail)
        gather_all(box)
        assert (FeedbackItem.objects.count(), box.cursor) == (0, {})
        monkeypatch.undo()
        monkeypatch.setitem(CONNECTORS, KIND, place.connector())

        gather_all(box, now=NOW + HOUR)

        assert FeedbackItem.objects.count() == 3


class TestTheBell:
    @pytest.fixture(autouse=True)
    def at_once(self):
        from config.celery import app

        app.conf.task_always_eager = True
        yield
        app.conf.task_always_eager = False

    def test_lets_what_is_due_be_gathered(self, box):
        gather_due_connections()

        assert FeedbackItem.objects.count() == 3

    def test_leaves_what_is_paused_or_not_due(self, box):
        Connection.objects.update(is_active=False)
        make_connection(box.project, name="Later", next_due_at=NOW + 9000 * DAY)

        gather_due_connections()

        assert FeedbackItem.objects.count() == 0

    def test_rings_again_when_a_turn_ends_with_more_left(self, box, monkeypatch):
        monkeypatch.setattr("feedback.tasks.TURN_SECONDS", -1)

        gather_connection(connection_id=box.pk)

        assert FeedbackItem.objects.count() == 3

    def test_does_nothing_for_a_connection_that_is_gone(self):
        gather_connection(connection_id=999)
