"""The real web server with more calls than it can take: it says so, and loses nothing."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ops.conftest import PATIENCE, PROCFILE, free_port

pytestmark = pytest.mark.slow
CALLERS, CALLS = 40, 240
PREPARE = """
from tests.factories import make_key, make_project, make_user
from accounts.models import Scope
answer = make_key(make_project("Shop", owner=make_user("ada@example.com")), Scope.FEEDBACK_WRITE)
"""


@pytest.fixture
def served(build_house):
    """A house whose one thread takes 30 ms for a call, and a way to post to it."""
    house = build_house(PORT=str(free_port()), HOST="127.0.0.1")
    house.key = house.python(PREPARE)
    command = PROCFILE["web"].replace("config.wsgi", "tests.ops.slow_door:application")
    house.start(command.replace("--threads 8", "--threads 1"))
    ends = time.monotonic() + PATIENCE
    while post(house, "ready")[0] != 201:
        assert time.monotonic() < ends, house.log()
        time.sleep(0.1)
    return house


def post(house, said, path="/api/v1/feedback/"):
    """Return the status, the headers and the body of the answer; status 0: there was none."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.env['PORT']}{path}",
        data=json.dumps({"id": said, "text": f"It is slow {said}"}).encode(),
        headers={"Authorization": f"Bearer {house.key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"{}")
    except OSError:
        return 0, {}, {}


def overload(house):
    """Post far more than can be taken; return (what was said, status, headers) of each."""
    with ThreadPoolExecutor(CALLERS) as pool:
        said = [f"call-{n}" for n in range(CALLS)]
        return [(one, *rest[:2]) for one, rest in zip(said, pool.map(
            lambda one: post(house, one), said), strict=True)]  # fmt: skip


class TestOverload:
    def test_turns_calls_away_by_itself_and_loses_nothing_that_it_took(self, served):
        answers = overload(served)

        statuses = {status for _, status, _ in answers}
        assert statuses == {201, 429}, served.log()
        for _, status, headers in answers:
            if status == 429:
                assert 1 <= int(headers["Retry-After"]) <= 4
        taken = sum(status == 201 for _, status, _ in answers)
        stored = "SELECT count(*) FROM feedback_feedbackitem WHERE external_id LIKE 'call-%'"
        assert served.one(stored) == taken

    def test_takes_everything_again_once_the_load_is_gone(self, served):
        overload(served)

        assert [post(served, f"later-{n}")[0] for n in range(5)] == [201] * 5

    def test_what_was_turned_away_is_taken_when_it_comes_again(self, served):
        away = [said for said, status, _ in overload(served) if status == 429]

        assert away
        assert [post(served, said)[0] for said in away[:20]] == [201] * len(away[:20])
