"""One app's real releases and reviews, loaded once by the scripts that the docs name."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

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


@dataclass
class Walk:
    """A project into which real history was loaded, and what each step said and took."""

    project: Project
    url: str
    key: str
    said: dict[str, dict]
    checkups: int
    seconds: float

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
            "import_feedback", str(REVIEWS), project=self.project.slug, source="google_play",
            timezone="UTC", verbosity=0,
        )  # fmt: skip

    def run_checkups(self):
        """Do what the workers do until nothing is due; return how many checkups that was."""
        done = 0
        while checkup := claim_next(timezone.now()):
            run_claimed(checkup)
            done += 1
        return done


@pytest.fixture(scope="package")
def walk(django_db_setup, django_db_blocker):
    for file in (RELEASES, REVIEWS):
        if not file.exists():
            pytest.skip(f"The real data is missing: {file}. Set WAKE_SHARED_DATA to its folder.")
    with django_db_blocker.unblock():
        server = LiveServer("localhost")
        owner = make_user("walker@example.com", name="Walker")
        project = make_project("Greenlight", owner=owner)
        walk = Walk(project, server.url, make_key(project), {}, 0, 0.0)
        began = monotonic()
        walk.said["ships"] = walk.load("ships", RELEASES)
        walk.said["days"] = walk.load("days", REVIEWS)
        walk.import_reviews()
        walk.checkups = walk.run_checkups()
        walk.seconds = monotonic() - began
        yield walk
        server.stop()
        Deployment.objects.filter(project=project).delete()
        project.delete()
        User.objects.filter(pk=owner.pk).delete()
