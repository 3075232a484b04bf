"""Runs each snippet in a real shell, against a real Wake."""

import subprocess
import time

import pytest
import yaml
from django.db import connection

from accounts.models import Scope
from deployments.models import Deployment
from deployments.snippets import snippets
from tests.factories import make_key

NAMES = ["Any shell", "GitHub Actions", "GitLab CI", "CircleCI", "Jenkins"]
MESSAGE = 'Ask "once"\n\tfor C:\\new; $HOME `x` é\n\nExpect: orders +2% within 7d\n'


def command_of(name, base):
    """Return what the CI would hand to its shell."""
    text = next(one.text for one in snippets(base) if one.name == name)
    if name == "Jenkins":
        return text.split("'''")[1].replace("\\\\", "\\")
    if name == "Any shell":
        return text
    found = yaml.safe_load(text)
    if name == "GitLab CI":
        return "\n".join(found["tell-wake"]["script"])
    return found[0]["run"] if name == "GitHub Actions" else found[0]["run"]["command"]


@pytest.fixture
def checkout(tmp_path):
    """A folder with a commit, as CI has it."""
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    commit = [*git, "commit", "-q", "--allow-empty", "-F", "-"]
    subprocess.run(commit, cwd=tmp_path, check=True, input=MESSAGE.encode())
    return tmp_path


def run(name, base, key, folder):
    sha = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    known = {
        "GITHUB_SHA": sha, "GITHUB_SERVER_URL": "https://git.test", "GITHUB_REPOSITORY": "a/b",
        "MESSAGE": MESSAGE, "AUTHOR": "ada@example.com", "CI_COMMIT_SHA": sha,
        "CI_ENVIRONMENT_NAME": "production", "CI_PROJECT_URL": "https://git.test/a",
        "CI_COMMIT_MESSAGE": MESSAGE, "GITLAB_USER_EMAIL": "ada@example.com",
        "CIRCLE_SHA1": sha, "CIRCLE_BUILD_URL": "https://ci.test/1", "GIT_COMMIT": sha,
        "BUILD_URL": "https://ci.test/1", "WAKE_API_KEY": key, "PATH": "/usr/bin:/bin",
        "HOME": str(folder), "no_proxy": "*",
    }  # fmt: skip
    shell = ["sh", "-e"] if name in ("GitLab CI", "Jenkins") else ["bash", "-eo", "pipefail"]
    return subprocess.run(
        [*shell, "-c", command_of(name, base)], env=known, cwd=folder, check=False,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.django_db(transaction=True)
class TestASnippet:
    def test_reports_a_ship_with_its_hypothesis_and_prints_its_page(
        self, name, shop, live_server, checkout
    ):
        key = make_key(shop, Scope.DEPLOYMENTS_WRITE)

        done = run(name, live_server.url, key, checkout)

        connection.close()
        ship = Deployment.objects.get()
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().startswith("Wake: http")
        assert done.stdout.strip().endswith(f"/p/shop/ships/{ship.pk}/")
        assert ship.hypothesis.metric.key == "orders"
        assert ship.shippers.get().email == "ada@example.com"
        assert 'Ask "once"' in ship.changes.get().message
        assert "C:\\new; $HOME `x` é" in ship.changes.get().message

    def test_prints_why_it_was_refused_and_does_not_fail_the_build(
        self, name, live_server, checkout
    ):
        done = run(name, live_server.url, "wrong.key", checkout)

        assert done.returncode == 0
        assert "unknown or revoked" in done.stdout


@pytest.mark.parametrize("name", NAMES)
class TestASnippetWithoutWake:
    def test_fails_no_build_and_takes_no_time(self, name, checkout):
        start = time.monotonic()

        done = run(name, "http://127.0.0.1:1", "k.1", checkout)

        assert done.returncode == 0
        assert time.monotonic() - start < 5

    def test_waits_ten_seconds_at_most(self, name):
        text = command_of(name, "https://wake.test")

        assert "--connect-timeout 3 --max-time 10" in text
        assert text.rstrip().endswith("|| true")
