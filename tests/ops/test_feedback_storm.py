"""Feedback in a rush while web and worker are killed: each is stored exactly once."""

import contextlib
import http.client
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.ops.conftest import PATIENCE, PROCFILE, children_of, free_port

pytestmark = pytest.mark.slow
CALLERS, EACH, KILLS = 8, 40, 3
PREPARE = """
from tests.factories import make_key, make_project, make_user
from accounts.models import Scope
answer = make_key(make_project("Shop", owner=make_user("ada@example.com")), Scope.FEEDBACK_WRITE)
"""
ITEMS = "SELECT count(*) FROM feedback_feedbackitem"
WAITING = "SELECT count(*) FROM feedback_arrival"


@pytest.fixture
def house(build_house):
    house = build_house(PORT=str(free_port()), HOST="127.0.0.1")
    house.key = house.python(PREPARE)
    return house


def post(house, body):
    """Return the status of the answer and the answer; (0, {}) if there was none."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.env['PORT']}/api/v1/feedback/",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {house.key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (OSError, ValueError, http.client.HTTPException):
        return 0, {}


def send_all(house, caller, accepted, given_up):
    """Send one's own rows, one by one or five at a time, each until it is taken."""
    rows = [{"id": f"{caller}-{n}", "text": f"It is slow {caller} {n}"} for n in range(EACH)]
    calls = [row if n % 2 else {"feedback": rows[n : n + 5]} for n, row in enumerate(rows)]
    for call in calls:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            status, answer = post(house, call)
            if status in (200, 201):
                accepted.append((call.get("id"), answer.get("id"), answer.get("created")))
                break
            time.sleep(0.05)
        else:
            given_up.append((call, status, answer))


def kill(process):
    # With its children: the web server's worker and its master are two processes.
    for pid in [*children_of(process.pid), process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def test_each_is_stored_once_though_web_and_worker_are_killed(house):
    web, worker = house.start(PROCFILE["web"]), house.start_worker()
    house.start(PROCFILE["beat"])
    accepted: list[tuple[str, int, bool]] = []
    given_up: list[tuple[dict, int, dict]] = []
    callers = [
        threading.Thread(target=send_all, args=(house, caller, accepted, given_up))
        for caller in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    for n in range(1, KILLS + 1):
        house.wait_until(f"SELECT ({ITEMS}) + ({WAITING})", n * CALLERS * EACH // (KILLS + 1))
        kill(web)
        kill(worker)
        web, worker = house.start(PROCFILE["web"]), house.start_worker()
    for caller in callers:
        caller.join()

    assert given_up == []
    assert house.wait_until(ITEMS, CALLERS * EACH) == CALLERS * EACH
    assert house.one(WAITING) == 0
    named = [(name, pk) for name, pk, _ in accepted if name]
    stored = house.python(
        "from feedback.models import FeedbackItem\n"
        "answer = dict(FeedbackItem.objects.values_list('external_id', 'pk'))"
    )
    assert dict(named) == {name: stored[name] for name, _ in named}
