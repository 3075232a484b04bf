"""One app's real releases and reviews, loaded once by the scripts that the docs name."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import Project, User
from deployments.models import Deployment
from learning.tasks import claim_next, run_claimed
from tests.factories import make_key, make_project, make_user

ROOT = Path(__file__).resolve().parents[2]
LOADER = ROOT / "examples" / "load_history.py"
SHARED = Path(os.environ.get("WAKE_SHARED_DATA", ROOT.parent / "shared" / "data"))
RELEASES = SHARED / "releases" / "greenlight-android.first-sighting.jsonl.gz"
REVIEWS = SHARED / "feedback" / "greenlight-android.play.jsonl.gz"
# The docs tell of all six years; these are enough to see that the walk can still be walked.
SINCE = "2022-01-01"


@dataclass
class Walk:
    """A project into which real history was loaded, and what each step said and took."""

    project: Project
    url: str
    key: str
    releases: Path
    reviews: Path
    said: dict[str, dict] = field(default_factory=dict)
    checkups: int = 0

    def load(self, what, file):
        """Run examples/load_history.py as anyone would; return what it printed."""
        ran = subprocess.run(
            [sys.executable, LOADER, what, file],
            env={**os.environ, "WAKE_URL": self.url, "WAKE_KEY": self.key},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def import_reviews(self):
        """Run `manage.py import_feedback` on the reviews."""
        call_command(
            "import_feedback", str(self.reviews), project=self.project.slug, source="google_play",
            timezone="UTC", verbosity=0,
        )  # fmt: skip

    def run_checkups(self):
        """Do what the workers do until nothing is due; return how many checkups that was."""
        done = 0
        while checkup := claim_next(timezone.now()):
            run_claimed(checkup)
            done += 1
        return done


def rows_since(file, column, folder):
    """Copy the rows of `file` that are not older than SINCE; return the copy."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [line for line in lines if json.loads(line)[column] >= SINCE]
    copy = folder / file.name
    with gzip.open(copy, "wt", encoding="utf-8") as out:
        out.writelines(rows)
    return copy


@pytest.fixture(scope="package")
def walk(django_db_setup, django_db_blocker, tmp_path_factory):
    for file in (RELEASES, REVIEWS):
        if not file.exists():
            pytest.skip(f"The real data is missing: {file}. Set WAKE_SHARED_DATA to its folder.")
    folder = tmp_path_factory.mktemp("walk")
    releases = rows_since(RELEASES, "released_at", folder)
    reviews = rows_since(REVIEWS, "created_at", folder)
    with django_db_blocker.unblock():
        server = LiveServer("localhost")
        owner = make_user("walker@example.com", name="Walker")
        project = make_project("Greenlight", owner=owner)
        walk = Walk(project, server.url, make_key(project), releases, reviews)
        walk.said["ships"] = walk.load("ships", releases)
        walk.said["days"] = walk.load("days", reviews)
        walk.import_reviews()
        walk.checkups = walk.run_checkups()
        yield walk
        server.stop()
        Deployment.objects.filter(project=project).delete()
        project.delete()
        User.objects.filter(pk=owner.pk).delete()
