"""Past releases: from a repository's tags and from files, read again without harm."""

import gzip
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deployments.history import NotARepository, Repository
from deployments.models import Checkup, Deployment
from tests.factories import make_deployment

DATA = Path(os.environ.get("WAKE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def git(path, *words, at="2025-01-01T10:00:00+00:00", by="Ada"):
    mail = f"{by.lower()}@example.com"
    who = {"GIT_AUTHOR_NAME": by, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": at}
    when = {"GIT_COMMITTER_NAME": by, "GIT_COMMITTER_EMAIL": mail, "GIT_COMMITTER_DATE": at}
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-C", str(path), *words],
        env={"PATH": os.environ["PATH"], "HOME": str(path), **who, **when},
        check=True,
        capture_output=True,
    )


def commit(path, file, message, **facts):
    (path / file).write_text(message)
    git(path, "add", file, **facts)
    git(path, "commit", "-q", "-m", message, **facts)


@pytest.fixture
def repository(tmp_path):
    """Two releases and something that is none."""
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "-q")
    commit(path, "cart.py", "Make a cart", at="2025-01-01T10:00:00+00:00")
    git(path, "tag", "v1.0", at="2025-01-01T11:00:00+00:00")
    commit(
        path,
        "pay näh.py",
        "Pay by card\n\nExpect: orders +2% within 7d\nBecause: many asked",
        at="2025-02-01T10:00:00+00:00",
        by="Ben",
    )
    git(path, "tag", "-a", "v1.1", "-m", "Cards\n\nAt last.", at="2025-02-03T09:00:00+00:00")
    git(path, "tag", "nightly", at="2025-02-04T09:00:00+00:00")
    return path


def load(source, *more, **options):
    told = StringIO()
    call_command("import_releases", str(source), *more, project="shop", stdout=told, **options)
    return told.getvalue()


class TestARepository:
    def test_gives_one_ship_a_tag(self, shop, repository):
        told = load(repository, tags="v*")

        assert "2 new" in told
        assert [s.version for s in shop.deployments.order_by("shipped_at")] == ["v1.0", "v1.1"]

    def test_dates_them_by_the_tag_and_takes_its_message_as_notes(self, shop, repository):
        load(repository, tags="v*")

        ship = shop.deployments.get(version="v1.1")
        assert ship.shipped_at == datetime(2025, 2, 3, 9, tzinfo=UTC)
        assert ship.notes == "Cards\n\nAt last."

    def test_tells_what_came_since_the_tag_before(self, shop, repository, ben):
        load(repository, tags="v*")

        ship = shop.deployments.get(version="v1.1")
        change = ship.changes.get()
        assert (change.summary, change.files) == ("Pay by card", ["pay näh.py"])
        assert ship.shippers.get().user == ben

    def test_reads_hypotheses_that_were_written_then(self, shop, repository):
        load(repository, tags="v*")

        assert shop.deployments.get(version="v1.1").hypothesis.metric.key == "orders"

    def test_makes_appointments_that_are_due_at_once_and_in_order(self, shop, repository):
        load(repository, tags="v*")

        due = Checkup.objects.due(datetime.now(UTC)).order_by("due_at")
        assert len(due) == 12
        assert due[0].deployment.version == "v1.0"

    def test_read_again_changes_nothing(self, shop, repository):
        load(repository, tags="v*")
        before = list(Deployment.objects.order_by("pk").values())

        assert "Nothing has changed" in load(repository, tags="v*")
        assert list(Deployment.objects.order_by("pk").values()) == before

    def test_without_a_working_tree_is_read_too(self, shop, repository, tmp_path):
        git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")

        assert "3 new" in load(tmp_path / "bare.git")

    def test_is_read_from_a_day_on(self, shop, repository):
        load(repository, since="2025-02-01")

        assert not shop.deployments.filter(version="v1.0").exists()

    def test_can_be_tried_first(self, shop, repository):
        told = load(repository, "--dry-run")

        assert "3 new" in told
        assert "nothing was written" in told
        assert not Deployment.objects.exists()

    def test_adds_to_what_ci_told_and_does_not_move_it(self, shop, repository):
        live_at = datetime(2025, 2, 4, 15, tzinfo=UTC)
        ship = make_deployment(shop, "1.1", shipped_at=live_at, external_id="ci-1", by="")

        told = load(repository, tags="v1.1")

        ship.refresh_from_db()
        assert "1 changed" in told
        assert (ship.shipped_at, ship.notes) == (live_at, "Cards\n\nAt last.")
        assert Deployment.objects.count() == 1

    def test_that_is_none_is_said_to_be_none(self, shop, tmp_path):
        with pytest.raises(CommandError, match="not a git repository"):
            load(tmp_path)

    def test_without_such_tags_says_so(self, shop, repository):
        with pytest.raises(CommandError, match="No tag matches"):
            load(repository, tags="x*")

    def test_runs_nothing_that_its_settings_name(self, repository, tmp_path):
        trap, sprung = tmp_path / "trap.sh", tmp_path / "sprung"
        trap.write_text(f"#!/bin/sh\ntouch '{sprung}'\n")
        trap.chmod(0o755)
        for name in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program"):
            git(repository, "config", name, str(trap))
        git(repository, "config", "log.showSignature", "true")

        read = Repository(repository)
        for tag in read.tags():
            read.body_of(tag)

        assert not sprung.exists()

    def test_does_not_wait_for_git_for_ever(self, repository, monkeypatch, tmp_path):
        sluggish = tmp_path / "bin" / "git"
        sluggish.parent.mkdir()
        sluggish.write_text("#!/bin/sh\nexec sleep 30\n")
        sluggish.chmod(0o755)
        monkeypatch.setenv("PATH", f"{sluggish.parent}:{os.environ['PATH']}")
        monkeypatch.setattr("deployments.history.SECONDS", 0.2)

        with pytest.raises(NotARepository, match="within"):
            Repository(repository)


@pytest.fixture
def file(tmp_path):
    def write(rows, name="releases.jsonl.gz"):
        path = tmp_path / name
        text = "".join(
            row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n"
            for row in rows
        )
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        return path

    return write


class TestAFile:
    ROW = {"app": "cart", "version": "1.0", "tag": "v1.0", "released_at": "2025-03-01"}

    def test_gives_one_ship_a_row(self, shop, file):
        load(file([{**self.ROW, "notes": "Better"}]))

        ship = shop.deployments.get()
        assert (ship.version, ship.notes, ship.source) == ("1.0", "Better", "import")

    def test_takes_a_bare_date_as_the_start_of_that_day_where_it_was_released(self, shop, file):
        load(file([self.ROW]), timezone="Europe/Berlin")

        assert shop.deployments.get().shipped_at == datetime(2025, 2, 28, 23, tzinfo=UTC)

    def test_keeps_what_is_no_field_of_ours(self, shop, file):
        load(file([{**self.ROW, "extra": {"channel": "beta"}}]))

        assert shop.deployments.get().extra["extra"] == {"channel": "beta"}

    def test_may_be_csv(self, shop, file):
        text = "Version,Release date,Notes\n1.0,2025-03-01,Better\n1.1,2025-03-08,\n"

        assert "2 new" in load(file([text], "releases.csv"))

    def test_takes_the_tag_where_there_is_no_version(self, shop, file):
        load(file([{"tag": "v7", "released_at": "2025-03-01"}]))

        assert shop.deployments.get().version == "v7"

    def test_names_the_lines_that_it_refused_and_takes_the_others(self, shop, file):
        told = load(
            file([self.ROW, {"version": "1.1"}, "{broken\n", {"released_at": "2025-03-02"}])
        )

        assert "1 new" in told
        assert "3 refused" in told
        assert "line 2: released_at: is missing" in told
        assert "line 4: version: is missing" in told

    def test_read_again_changes_nothing(self, shop, file):
        rows = [{**self.ROW, "version": f"1.{n}"} for n in range(60)]
        load(file(rows))

        assert "60 known already" in load(file(rows))
        assert Deployment.objects.count() == 60

    def test_leaves_out_what_was_released_before(self, shop, file):
        load(file([self.ROW, {**self.ROW, "version": "2", "released_at": "2025-04-01"}]),
             since="2025-03-15")  # fmt: skip

        assert shop.deployments.get().version == "2"

    def test_goes_to_the_environment_named(self, shop, file):
        load(file([self.ROW]), environment="app store")

        assert shop.deployments.get().environment.name == "app store"

    def test_of_another_project_is_refused_in_words(self, shop, file):
        with pytest.raises(CommandError, match="There is no project"):
            call_command("import_releases", str(file([self.ROW])), project="nowhere")


@pytest.mark.skipif(not DATA.exists(), reason=f"the shared data is not at {DATA}")
class TestRealReleases:
    @pytest.mark.parametrize(
        ("name", "count"), [("github-ios", 68), ("chrome-ios", 77), ("vlc-android", 233)]
    )
    def test_are_all_taken_and_none_is_a_roll_back(self, shop, name, count):
        told = load(DATA / "releases" / f"{name}.jsonl.gz")

        assert f"Read {count} rows" in told
        assert " 0 refused" in told
        assert "Nothing has changed" in load(DATA / "releases" / f"{name}.jsonl.gz")
        oldest = Deployment.objects.order_by("shipped_at")[0]
        assert oldest.shipped_at < datetime.now(UTC) - timedelta(days=365)
