import gzip

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from feedback import importer
from feedback.models import FeedbackItem, Import
from tests.factories import NOW, make_project

PAGE = "/p/shop/feedback/import/"
REVIEWS = (
    b"Review Text,Star Rating,App Version,Submitted\n"
    b"It crashed,1,1.4.0,2026-03-01 10:00\n"
    b"Lovely,5,1.4.0,2026-03-02 10:00\n"
    b"So-so,9,1.4.0,2026-03-03 10:00\n"
)
COLUMNS = {
    "source": "reviews",
    "zone": "Europe/Berlin",
    "column-0": "text",
    "column-1": "rating",
    "column-2": "version",
    "column-3": "created_at",
}


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture(autouse=True)
def bells(monkeypatch):
    """Keep what would have been rung: here no worker listens."""
    rung = []
    monkeypatch.setattr(
        "feedback.tasks.run_import.apply_async", lambda *args, **kwargs: rung.append(args)
    )
    return rung


def send(client, content=REVIEWS, name="reviews.csv"):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)})


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def work(row):
    while importer.run_import(row, now=NOW):
        pass
    row.refresh_from_db()


def imported(client, **columns):
    """Return an import that was sent, named, started and read to its end."""
    send(client)
    row = Import.objects.latest("pk")
    client.post(f"{PAGE}{row.pk}/start/", {**COLUMNS, **columns})
    work(row)
    return row


class TestWhoMay:
    def test_strangers_find_nothing(self, shop, as_cleo):
        assert as_cleo.get(PAGE).status_code == 404
        assert send(as_cleo).status_code == 404

    def test_viewers_are_told_which_role_it_needs(self, shop, as_vic):
        assert as_vic.get(PAGE).status_code == 403
        assert send(as_vic).status_code == 403

    def test_imports_of_another_project_are_out_of_reach(self, shop, as_ben):
        other = Import.objects.create(project=make_project("Elsewhere"), name="x.csv")

        for path in ("", "refused.csv"):
            assert as_ben.get(f"{PAGE}{other.pk}/{path}").status_code == 404
        assert as_ben.post(f"{PAGE}{other.pk}/start/").status_code == 404

    def test_starting_needs_a_post_with_the_token_of_a_form(self, shop, as_ben, ben):
        send(as_ben)
        path = f"{PAGE}{Import.objects.get().pk}/start/"
        client = Client(enforce_csrf_checks=True)
        client.force_login(ben)

        assert as_ben.get(path).status_code == 405
        assert client.post(path, COLUMNS).status_code == 403


class TestSending:
    def test_leads_to_the_columns(self, shop, as_ben):
        response = send(as_ben)

        row = Import.objects.get()
        assert response.url == f"{PAGE}{row.pk}/"
        assert (row.state, row.name, row.source) == ("uploaded", "reviews.csv", "reviews")

    def test_refuses_a_file_that_is_too_large(self, shop, as_ben, settings):
        settings.MAX_UPLOAD_BYTES = 50

        page = parse(send(as_ben))

        assert "this page takes 50" in page.select_one(".errorlist").get_text()
        assert not Import.objects.exists()

    @pytest.mark.parametrize(
        "content", [b"", b"\n\n", b"only,a,header\n", b"PK\x03\x04zip", b"\x1f\x8bnot gzip"]
    )
    def test_refuses_what_holds_no_rows(self, shop, as_ben, content):
        page = parse(send(as_ben, content))

        assert page.select(".errorlist")
        assert not Import.objects.exists()

    def test_asks_for_a_file_when_there_is_none(self, shop, as_ben):
        assert parse(as_ben.post(PAGE)).select(".errorlist")

    def test_keeps_a_file_whose_name_climbs_inside_its_folder(self, shop, as_ben, tmp_path):
        send(as_ben, name="../../../evil.csv")

        assert tmp_path in tmp_path.joinpath(Import.objects.get().file.path).resolve().parents


class TestColumns:
    def test_are_guessed_from_their_names(self, shop, as_ben):
        page = parse(as_ben.get(send(as_ben).url))

        chosen = [
            select.select_one("[selected]")["value"] for select in page.select("tbody select")
        ]
        assert chosen[:3] == ["text", "rating", "version"]

    def test_are_shown_with_their_first_values_as_text(self, shop, as_ben):
        evil = "<script>alert(1)</script>"

        page = parse(as_ben.get(send(as_ben, f"text,{evil}\nhello,{evil}\n".encode()).url))

        assert page.get_text().count(evil) == 2
        assert not [tag for tag in page.select("script") if not tag.get("src")]

    def test_are_read_from_gzipped_json_lines_too(self, shop, as_ben):
        content = gzip.compress(b'{"text": "hello", "stars": 4}\n')

        page = parse(as_ben.get(send(as_ben, content, "said.jsonl.gz").url))

        assert [label.get_text() for label in page.select("tbody label")] == ["text", "stars"]

    @pytest.mark.parametrize(
        "change",
        [
            {"column-1": "text"},
            {"column-0": "keep", "column-1": "leave out"},
            {"column-0": "password"},
            {"zone": "Mars/Olympus"},
            {"source": ""},
        ],
    )
    def test_that_make_no_sense_are_asked_for_again(self, shop, as_ben, change):
        send(as_ben)
        row = Import.objects.get()

        page = parse(as_ben.post(f"{PAGE}{row.pk}/start/", {**COLUMNS, **change}))

        assert page.select(".errorlist")
        row.refresh_from_db()
        assert row.state == "uploaded"


class TestImporting:
    def test_rings_for_a_worker(self, shop, as_ben, bells, django_capture_on_commit_callbacks):
        send(as_ben)
        row = Import.objects.get()

        with django_capture_on_commit_callbacks(execute=True):
            as_ben.post(f"{PAGE}{row.pk}/start/", COLUMNS)

        row.refresh_from_db()
        assert row.state == "queued"
        assert len(bells) == 1

    def test_waits_for_the_next_bell_when_the_broker_is_down(
        self, shop, as_ben, monkeypatch, django_capture_on_commit_callbacks
    ):
        def refuse(*args, **kwargs):
            raise ConnectionRefusedError

        monkeypatch.setattr("feedback.tasks.run_import.apply_async", refuse)
        send(as_ben)
        row = Import.objects.get()

        with django_capture_on_commit_callbacks(execute=True):
            response = as_ben.post(f"{PAGE}{row.pk}/start/", COLUMNS)

        assert response.status_code == 302
        assert importer.waiting(NOW).get() == row

    def test_stores_what_the_columns_say(self, shop, as_ben):
        imported(as_ben)

        item = FeedbackItem.objects.get(rating=1)
        assert (item.text, item.version, item.source) == ("It crashed", "1.4.0", "reviews")
        assert item.said_at.isoformat() == "2026-03-01T09:00:00+00:00"  # Berlin is an hour ahead

    def test_leaves_out_what_is_to_be_left_out(self, shop, as_ben):
        imported(as_ben, **{"column-2": "leave out"})

        item = FeedbackItem.objects.get(rating=1)
        assert (item.version, item.extra) == ("", {})

    def test_keeps_a_detail(self, shop, as_ben):
        imported(as_ben, **{"column-2": "keep"})

        assert FeedbackItem.objects.get(rating=1).extra == {"App Version": "1.4.0"}

    def test_stores_nothing_when_it_is_only_tried(self, shop, as_ben):
        row = imported(as_ben, dry_run="on")

        assert not FeedbackItem.objects.exists()
        assert "nothing has been stored" in parse(as_ben.get(f"{PAGE}{row.pk}/")).get_text()

    def test_can_be_done_after_it_was_tried(self, shop, as_ben):
        row = imported(as_ben, dry_run="on")

        as_ben.post(f"{PAGE}{row.pk}/start/", {"again": "1"})
        work(row)

        assert FeedbackItem.objects.count() == 2
        assert row.report["created"] == 2

    def test_is_never_done_twice(self, shop, as_ben):
        row = imported(as_ben)

        as_ben.post(f"{PAGE}{row.pk}/start/", {"again": "1"})

        row.refresh_from_db()
        assert row.state == "done"


class TestProgress:
    def test_asks_again_each_second_while_it_runs(self, shop, as_ben):
        row = Import.objects.create(
            project=shop, name="x.csv", state="running", bytes_total=100, bytes_done=40,
            report={"rows": 1000},
        )  # fmt: skip

        page = parse(as_ben.get(f"{PAGE}{row.pk}/", headers={"HX-Target": "progress"}))

        assert page.select_one("#progress")["hx-trigger"] == "every 1s"
        assert page.select_one("progress")["value"] == "40"
        assert not page.select("html")

    def test_stops_asking_when_it_is_done(self, shop, as_ben):
        row = imported(as_ben)

        page = parse(as_ben.get(f"{PAGE}{row.pk}/", headers={"HX-Target": "progress"}))

        assert not page.select("[hx-trigger]")

    def test_says_which_lines_were_refused_and_why(self, shop, as_ben):
        row = imported(as_ben)

        text = parse(as_ben.get(f"{PAGE}{row.pk}/")).select_one("table").get_text(" ", strip=True)

        assert "4 rating" in text
        assert "is not from 1 to 5." in text

    def test_gives_the_refused_lines_as_csv(self, shop, as_ben):
        row = imported(as_ben)

        answer = as_ben.get(f"{PAGE}{row.pk}/refused.csv")

        assert answer["Content-Type"].startswith("text/csv")
        lines = answer.content.decode().splitlines()
        assert lines[0] == "line,field,problem,mend"
        assert lines[1].startswith("4,rating,")

    def test_gives_no_formula_to_a_spreadsheet(self, shop, as_ben):
        row = Import.objects.create(
            project=shop, name="x.csv", state="done",
            report={"errors": [{"line": 2, "field": "x", "message": "=1+1", "mend": ""}]},
        )  # fmt: skip

        assert ",'=1+1," in as_ben.get(f"{PAGE}{row.pk}/refused.csv").content.decode()

    def test_tells_why_a_file_could_not_be_read(self, shop, as_ben):
        row = Import.objects.create(
            project=shop, name="x.csv", state="failed", report={"problem": "The gzip is cut off."}
        )

        assert "The gzip is cut off." in parse(as_ben.get(f"{PAGE}{row.pk}/")).get_text()

    def test_says_so_when_the_file_is_gone(self, shop, as_ben):
        send(as_ben)
        row = Import.objects.get()
        row.file.storage.delete(row.file.name)

        response = as_ben.get(f"{PAGE}{row.pk}/", follow=True)

        assert "Send it again" in parse(response).get_text()

    def test_lists_the_files_so_far(self, shop, as_ben):
        imported(as_ben)

        assert "reviews.csv" in parse(as_ben.get(PAGE)).select_one("table").get_text()
