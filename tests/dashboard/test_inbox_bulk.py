from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from dashboard import inbox_bulk
from feedback.handling import assign, move_to
from feedback.models import BulkAction, FeedbackEvent, FeedbackItem, Status
from tests.factories import NOW, make_deployment, make_feedback, make_project

HOUR = timedelta(hours=1)
BULK = "/p/shop/feedback/bulk/"


def post(client, items, action, query="", **more):
    facts = {"item": [item.pk for item in items], "action": action, "query": query}
    return client.post(BULK, {**facts, **more})


def ask_for_all(client, action, query=""):
    answer = post(client, [], action, query, everything="on", sure="yes")
    assert answer.status_code == 302
    return BulkAction.objects.latest("pk")


def run(job):
    while inbox_bulk.run_bulk_action(job, now=NOW + HOUR):
        pass
    job.refresh_from_db()


@pytest.fixture
def items(shop):
    return [
        make_feedback(shop, f"number {n}", rating=1 + n % 2 * 4, created_at=NOW - n * HOUR)
        for n in range(5)
    ]


@pytest.fixture
def later(monkeypatch):
    """The broker is left alone: the test moves the work on itself."""
    monkeypatch.setattr("dashboard.inbox_bulk_views.run_bulk_action.delay", lambda **_: None)


def statuses(shop):
    rows = FeedbackItem.objects.filter(project=shop).order_by("pk")
    return list(rows.values_list("status", flat=True))


class TestDoingSomethingToThoseThatAreTicked:
    @pytest.mark.parametrize("status", ["seen", "answered", "closed"])
    def test_moves_them_and_no_others(self, shop, items, as_ben, status):
        post(as_ben, items[:2], status)

        assert statuses(shop) == [status, status, "new", "new", "new"]

    def test_writes_into_the_history_of_each_who_it_was(self, shop, items, as_ben, ben):
        post(as_ben, items[:2], "closed")

        events = FeedbackEvent.objects.filter(kind="status", by=ben)
        assert {event.feedback_id for event in events} == {item.pk for item in items[:2]}
        assert events[0].details == {"was": "new", "now": "closed"}

    @pytest.mark.parametrize("key", ["9" * 5_000, str(2**63), "\u0663", "", "x"], ids=ascii)
    def test_says_that_nothing_was_chosen_by_a_key_of_no_row(self, shop, items, as_ben, key):
        answer = as_ben.post(BULK, {"item": key, "action": "closed"}, follow=True)

        assert "Choose at least one first." in answer.content.decode()
        assert set(statuses(shop)) == {"new"}

    def test_assigns_them(self, shop, items, as_ben, ada):
        post(as_ben, items[:2], f"assign:{ada.pk}")

        assert FeedbackItem.objects.filter(assignee=ada).count() == 2

    def test_assigns_to_members_only(self, shop, items, as_ben, cleo):
        post(as_ben, items, f"assign:{cleo.pk}")

        assert not FeedbackItem.objects.filter(assignee__isnull=False).exists()

    def test_holds_back_and_releases(self, shop, items, as_ben):
        post(as_ben, items[:3], "hold")
        post(as_ben, items[:1], "release")

        assert FeedbackItem.objects.heard().filter(project=shop).count() == 3

    def test_merges_them_into_the_oldest(self, shop, items, as_ben):
        post(as_ben, items[:3], "merge")

        assert items[2].merged.count() == 2

    def test_says_which_ship_they_are_about(self, shop, items, as_ben):
        ship = make_deployment(shop, "1.4.0")
        post(as_ben, items[:2], f"ship:{ship.pk}")

        assert ship.attributions.filter(is_best=True, method="person").count() == 2

    def test_never_reaches_another_project(self, shop, items, as_ben):
        theirs = make_feedback(make_project("Elsewhere"))
        post(as_ben, [theirs, items[0]], "closed")

        theirs.refresh_from_db()
        assert theirs.status == Status.NEW

    @pytest.mark.parametrize(
        ("action", "chosen"),
        [
            ("", ["1"]), ("closed", []), ("closed", ["x"]), ("closed", ["9" * 30]),
            ("burn", ["1"]), ("assign:", ["1"]), ("ship:x", ["1"]), ("assign:²", ["1"]),
        ],
    )  # fmt: skip
    def test_says_what_is_missing(self, shop, items, as_ben, action, chosen):
        answer = as_ben.post(BULK, {"item": chosen, "action": action}, follow=True)

        assert answer.status_code == 200
        assert statuses(shop) == ["new"] * 5

    def test_leads_back_to_the_same_filters_with_an_undo(self, shop, items, as_ben):
        answer = post(as_ben, items[:2], "closed", "status=closed")

        page = BeautifulSoup(as_ben.get(answer.url).content, "html.parser")
        assert answer.url.startswith("/p/shop/feedback/?status=closed&done=")
        assert "2 of 2 changed" in page.get_text(" ", strip=True)
        assert page.select_one(".inbox-done button").get_text() == "Undo"

    def test_is_refused_to_viewers_who_see_no_buttons(self, shop, items, as_vic):
        page = BeautifulSoup(as_vic.get("/p/shop/feedback/").content, "html.parser")

        assert post(as_vic, items, "closed").status_code == 403
        assert not page.select("#bulk, input[name=item]")


class TestUndoing:
    def undo(self, client, job):
        client.post(f"{BULK}{job.pk}/undo/")

    def test_puts_back_what_each_was(self, shop, items, as_ben, ben, later):
        move_to(items[0], Status.ANSWERED, by=ben, now=NOW)
        post(as_ben, items, "closed")

        self.undo(as_ben, BulkAction.objects.get())

        assert statuses(shop) == ["answered", "new", "new", "new", "new"]

    def test_leaves_what_somebody_has_changed_since(self, shop, items, as_ben, ada, later):
        post(as_ben, items, "closed")
        move_to(items[0], Status.ANSWERED, by=ada, now=NOW)

        self.undo(as_ben, BulkAction.objects.get())

        assert statuses(shop)[0] == "answered"

    def test_puts_back_who_looked_after_it(self, shop, items, as_ben, ben, ada, later):
        assign(items[0], ada, by=ada, now=NOW)
        post(as_ben, items[:2], f"assign:{ben.pk}")

        self.undo(as_ben, BulkAction.objects.get())

        items[0].refresh_from_db()
        assert items[0].assignee == ada
        assert not FeedbackItem.objects.filter(assignee=ben).exists()

    def test_releases_what_was_held_back(self, shop, items, as_ben, later):
        post(as_ben, items[:2], "hold")

        self.undo(as_ben, BulkAction.objects.get())

        assert FeedbackItem.objects.heard().filter(project=shop).count() == 5

    def test_happens_once(self, shop, items, as_ben, later):
        post(as_ben, items[:2], "closed")
        job = BulkAction.objects.get()

        self.undo(as_ben, job)
        self.undo(as_ben, job)

        assert BulkAction.objects.filter(undoes=job).count() == 1

    def test_is_not_offered_for_what_cannot_be_put_back(self, shop, items, as_ben, later):
        post(as_ben, items[:3], "merge")

        self.undo(as_ben, BulkAction.objects.get())

        assert items[2].merged.count() == 2


class TestDoingSomethingToAllThatMatch:
    def test_asks_first_and_says_how_many(self, shop, items, as_ben):
        answer = post(as_ben, [], "closed", "rating=1", everything="on")

        assert b"Close: 3 feedback" in answer.content
        assert not BulkAction.objects.exists()

    def test_is_done_by_a_worker_in_batches(self, shop, items, as_ben, later, monkeypatch):
        monkeypatch.setattr(inbox_bulk, "BATCH", 2)
        monkeypatch.setattr(inbox_bulk, "SLICE", 1)
        job = ask_for_all(as_ben, "closed", "rating=1")
        assert statuses(shop) == ["new"] * 5

        run(job)

        assert statuses(shop) == ["closed", "new", "closed", "new", "closed"]
        assert (job.state, job.changed) == ("done", 3)

    def test_finds_all_though_the_filter_no_longer_fits_them(
        self, shop, items, as_ben, later, monkeypatch
    ):
        monkeypatch.setattr(inbox_bulk, "BATCH", 2)
        job = ask_for_all(as_ben, "closed", "status=new&q=number+")

        run(job)

        assert statuses(shop) == ["closed"] * 5

    def test_leaves_alone_what_came_after_it_was_asked(self, shop, items, as_ben, later):
        job = ask_for_all(as_ben, "closed")
        make_feedback(shop, "new", now=job.created_at + HOUR, created_at=NOW)

        run(job)

        assert statuses(shop) == ["closed"] * 5 + ["new"]

    def test_goes_on_where_a_dead_worker_left_it(self, shop, items, as_ben, later, monkeypatch):
        monkeypatch.setattr(inbox_bulk, "BATCH", 2)
        monkeypatch.setattr(inbox_bulk, "SLICE", 1)
        job = ask_for_all(as_ben, "closed")
        inbox_bulk.run_bulk_action(job, now=NOW)
        BulkAction.objects.update(state="running", claimed_at=NOW)

        inbox_bulk.run_bulk_action(job, now=NOW + timedelta(days=1))
        run(job)

        assert (job.changed, job.looked_at) == (5, 5)

    def test_is_not_taken_by_two_workers(self, shop, items, as_ben, later):
        job = ask_for_all(as_ben, "closed")
        BulkAction.objects.update(state="running", claimed_at=NOW)

        assert inbox_bulk.run_bulk_action(job, now=NOW) is False
        assert statuses(shop) == ["new"] * 5

    def test_can_be_stopped(self, shop, items, as_ben, later):
        job = ask_for_all(as_ben, "closed")
        as_ben.post(f"{BULK}{job.pk}/stop/")

        run(job)

        assert statuses(shop) == ["new"] * 5

    def test_can_be_undone(self, shop, items, as_ben, later):
        job = ask_for_all(as_ben, "closed")
        run(job)
        as_ben.post(f"{BULK}{job.pk}/undo/")

        assert statuses(shop) == ["new"] * 5

    def test_says_how_far_it_is(self, shop, items, as_ben, later):
        job = ask_for_all(as_ben, "closed")
        before = as_ben.get(f"{BULK}{job.pk}/").content
        run(job)

        assert b"every 2s" in before
        after = BeautifulSoup(as_ben.get(f"{BULK}{job.pk}/").content, "html.parser")
        assert "5 closed, of 5 that were looked at" in after.get_text(" ", strip=True)

    def test_does_not_merge_a_million(self, shop, items, as_ben, later):
        answer = post(as_ben, [], "merge", everything="on", sure="yes")

        assert answer.status_code == 302
        assert not BulkAction.objects.exists()
