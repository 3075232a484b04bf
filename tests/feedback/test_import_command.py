import csv
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from feedback.models import FeedbackItem


def import_feedback(path, *options: str) -> str:
    out = StringIO()
    call_command("import_feedback", str(path), "--project", "shop", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def write(tmp_path):
    def put(body: str | bytes, name="reviews.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        return path

    return put


class TestImportFeedback:
    def test_stores_the_rows(self, shop, write):
        said = import_feedback(write("review,stars\nIt is slow,2\n"))

        assert "1 new" in said
        assert FeedbackItem.objects.get(project=shop).rating == 2

    def test_shows_what_each_column_is_taken_for(self, shop, write):
        said = import_feedback(write("review,shoe size\nGood,44\n"))

        assert "review -> text" in said
        assert "shoe size -> kept under its name" in said

    def test_a_column_that_is_none_of_ours_is_kept(self, shop, write):
        import_feedback(write("review,shoe size\nGood,44\n"))

        assert FeedbackItem.objects.get().extra == {"shoe size": "44"}

    def test_a_wrong_guess_can_be_put_right(self, shop, write):
        import_feedback(write("text,what they wrote\nx,Good\n"), "--map", "what they wrote=text")

        assert FeedbackItem.objects.get().text == "Good"

    def test_mapping_a_column_that_is_not_there_names_those_that_are(self, shop, write):
        with pytest.raises(CommandError, match="The file has: review, stars"):
            import_feedback(write("review,stars\nGood,5\n"), "--map", "body=text")

    def test_mapping_to_a_field_that_is_not_ours_names_ours(self, shop, write):
        with pytest.raises(CommandError, match="created_at"):
            import_feedback(write("review,stars\nGood,5\n"), "--map", "review=words")

    def test_reading_it_again_changes_nothing_and_says_so(self, shop, write):
        path = write("review,stars\nGood,5\n")
        import_feedback(path)

        assert "Nothing has changed" in import_feedback(path)
        assert FeedbackItem.objects.count() == 1

    def test_a_dry_run_writes_nothing(self, shop, write):
        assert "dry run" in import_feedback(write("review\nGood\n"), "--dry-run")
        assert not FeedbackItem.objects.exists()

    def test_times_without_an_offset_are_read_in_the_zone_that_is_named(self, shop, write):
        path = write("review,date\nGood,2026-03-01 12:00:00\n")

        import_feedback(path, "--timezone", "Asia/Kolkata")

        assert f"{FeedbackItem.objects.get().said_at:%H:%M}" == "06:30"

    def test_an_unknown_zone_is_refused(self, shop, write):
        with pytest.raises(CommandError, match="is not a time zone"):
            import_feedback(write("review\nGood\n"), "--timezone", "Mars/Olympus")

    def test_every_refused_row_stands_in_the_report(self, shop, write, tmp_path):
        report = tmp_path / "refused.csv"

        import_feedback(write("review,stars\nGood,5\nBad,9\n"), "--report", str(report))

        rows = list(csv.DictReader(report.open()))
        assert [(row["line"], row["field"]) for row in rows] == [("3", "rating")]

    @pytest.mark.parametrize("body", [b"", b"PK\x03\x04zip", bytes(range(256)) * 9, b"header\n"])
    def test_a_file_that_is_no_table_ends_with_one_sentence(self, shop, write, body):
        with pytest.raises(CommandError) as refused:
            import_feedback(write(body))

        assert str(refused.value).endswith(".")

    def test_a_file_that_is_not_there_ends_with_one_sentence(self, shop, tmp_path):
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            import_feedback(tmp_path / "gone.csv")

    def test_an_unknown_project_is_named_with_those_there_are(self, shop, write):
        with pytest.raises(CommandError, match="There are: shop"):
            call_command("import_feedback", str(write("text\nGood\n")), "--project", "shoop")


class TestRealFiles:
    @pytest.mark.parametrize(
        "name", ["github-ios.appstore", "vlc-android.tickets", "akudo-android.play"]
    )
    def test_every_row_is_taken(self, shop, name):
        path = shared_data() / f"feedback/{name}.jsonl.gz"

        assert " 0 refused" in import_feedback(path)


def shared_data() -> Path:
    import os

    default = settings.BASE_DIR.parent / "shared" / "data"
    path = Path(os.environ.get("WAKE_SHARED_DATA", default))
    if not path.is_dir():
        pytest.skip(f"The real data is not at {path}; set WAKE_SHARED_DATA.")
    return path
