import gzip
import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from common.tables import NotATable
from config.celery import app
from feedback import importer
from feedback.models import FeedbackItem, Import
from feedback.tasks import start_queued_imports
from tests.factories import NOW


def file(text: str | bytes) -> io.BytesIO:
    return io.BytesIO(text.encode() if isinstance(text, str) else text)


def make_import(project, text, *, mapping=None, state=Import.State.QUEUED, **facts) -> Import:
    body = text.encode() if isinstance(text, str) else text
    if mapping is None:
        mapping = importer.preview(file(body)).mapping
    return Import.objects.create(
        project=project,
        file=ContentFile(body, name="reviews.csv"),
        name="reviews.csv",
        mapping=mapping,
        state=state,
        **facts,
    )


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


class TestPreview:
    def test_guesses_the_columns_of_a_play_console_export(self):
        found = importer.preview(
            file(
                "Star Rating,Review Text,App Version Name,Review Link\n5,Good,1.2,https://x.test\n"
            )
        )

        assert found.mapping == {
            "Star Rating": "rating",
            "Review Text": "text",
            "App Version Name": "version",
            "Review Link": "url",
        }

    def test_shows_the_first_rows(self):
        assert importer.preview(file("text\nOne\nTwo\n")).rows == [{"text": "One"}, {"text": "Two"}]

    @pytest.mark.parametrize(
        "body", [b"", b"\n\n", b"text,rating\n", b"PK\x03\x04rest", b"\x1f\x8bnot gzip", bytes(99)]
    )
    def test_a_file_without_rows_is_explained_in_a_sentence(self, body):
        with pytest.raises(NotATable, match=r"\.$"):
            importer.preview(io.BytesIO(body))


class TestRunImport:
    def test_stores_the_rows_of_a_file(self, shop):
        row = make_import(shop, "review,stars,date\nIt is slow,2,2026-03-01\n")

        importer.run_import(row, now=NOW)

        item = FeedbackItem.objects.get(project=shop)
        assert (item.text, item.rating) == ("It is slow", 2)

    def test_reads_ratings_on_the_scale_that_was_chosen_for_the_file(self, shop):
        row = make_import(
            shop, "text,rating,rating_scale\nA,9,\nB,7,1-7\n", rating_scale="nps",
            mapping={"text": "text", "rating": "rating", "rating_scale": "rating_scale"},
        )  # fmt: skip
        importer.run_import(row, now=NOW)

        found = FeedbackItem.objects.values_list("text", "rating").order_by("text")
        assert list(found) == [("A", 4.6), ("B", 5.0)]

    def test_names_the_line_of_a_row_that_is_refused(self, shop):
        row = make_import(shop, 'id,text,rating\n1,"two\nlines",5\n2,Bad,9\n')

        importer.run_import(row, now=NOW)

        assert row.report["errors"][0]["line"] == 4

    def test_a_dry_run_stores_nothing_and_counts_as_if_it_did(self, shop):
        row = make_import(shop, "text\nGood\n", dry_run=True)

        importer.run_import(row, now=NOW)

        assert (row.report["created"], FeedbackItem.objects.count()) == (1, 0)

    def test_deletes_the_file_once_every_row_of_it_is_stored(self, shop):
        row = make_import(shop, "text\nGood\n")
        name, storage = row.file.name, row.file.storage

        importer.run_import(row, now=NOW)

        assert (row.file.name, storage.exists(name)) == ("", False)

    def test_keeps_the_file_of_a_trial_for_the_real_run(self, shop):
        row = make_import(shop, "text\nGood\n", dry_run=True)

        importer.run_import(row, now=NOW)

        assert row.file.storage.exists(row.file.name)

    def test_forgets_the_file_of_an_import_that_nobody_finished_for_a_month(self, shop):
        row = make_import(shop, "text\nGood\n", dry_run=True)
        name, storage = row.file.name, row.file.storage

        assert importer.forget_old_files(row.created_at + timedelta(days=29)) == 0
        assert importer.forget_old_files(row.created_at + timedelta(days=31)) == 1
        assert not storage.exists(name)

    def test_the_same_file_again_changes_nothing(self, shop):
        text = "text\nGood\nGood\n"
        importer.run_import(make_import(shop, text), now=NOW)
        again = make_import(shop, text)

        importer.run_import(again, now=NOW + timedelta(days=1))

        assert (again.report["unchanged"], again.report["created"]) == (2, 0)
        assert FeedbackItem.objects.count() == 2

    def test_a_long_file_is_moved_on_in_slices(self, shop, monkeypatch):
        monkeypatch.setattr(importer, "SLICE", 1)
        monkeypatch.setattr(importer, "BATCH", 2)
        row = make_import(shop, "text\n" + "Good\n" * 3)

        assert importer.run_import(row, now=NOW)
        assert importer.run_import(row, now=NOW)
        assert not importer.run_import(row, now=NOW)
        assert (row.state, row.report["created"]) == ("done", 3)

    def test_an_import_that_another_worker_holds_is_left_alone(self, shop):
        row = make_import(shop, "text\nGood\n", state=Import.State.RUNNING, claimed_at=NOW)

        importer.run_import(row, now=NOW)

        assert not FeedbackItem.objects.exists()

    def test_an_import_whose_worker_died_is_taken_over(self, shop):
        row = make_import(shop, "text\nGood\n", state=Import.State.RUNNING, claimed_at=NOW)

        importer.run_import(row, now=NOW + timedelta(hours=1))

        assert FeedbackItem.objects.exists()

    def test_a_gzip_file_that_breaks_off_fails_with_a_sentence(self, shop):
        lines = (b"%d %s\n" % (i, b"good " * 20) for i in range(9_000))
        whole = gzip.compress(b"text\n" + b"".join(lines))
        row = make_import(shop, whole[: len(whole) // 2])

        importer.run_import(row, now=NOW)

        assert (row.state, "cut off" in row.report["problem"]) == ("failed", True)
        assert 1_000 < FeedbackItem.objects.count() == row.report["created"]


class TestBell:
    @pytest.fixture(autouse=True)
    def tasks_run_where_they_are_called(self):
        app.conf.task_always_eager = True
        yield
        app.conf.task_always_eager = False

    def test_every_queued_import_is_moved_on_to_its_end(self, shop, monkeypatch):
        monkeypatch.setattr(importer, "SLICE", 1)
        monkeypatch.setattr(importer, "BATCH", 2)
        rows = [make_import(shop, f"text\n{word}\n{word}\n{word}\n") for word in ("Good", "Bad")]

        start_queued_imports()

        assert {Import.objects.get(pk=row.pk).state for row in rows} == {"done"}
        assert FeedbackItem.objects.count() == 6

    def test_what_nobody_has_chosen_columns_for_yet_is_left_alone(self, shop):
        make_import(shop, "text\nGood\n", state=Import.State.UPLOADED)

        start_queued_imports()

        assert not FeedbackItem.objects.exists()
