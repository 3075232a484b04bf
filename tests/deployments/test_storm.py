"""A storm: everything is sent three times, in any order, by many at once, to servers that die."""

import http.client
import json
import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deployments.senders import signature
from tests.ops.conftest import PROCFILE, build_house, children_of, free_port  # noqa: F401

DELIVERIES = int(os.environ.get("WAKE_STORM", "400"))
CONNECTIONS = 8
TIMES = 3
LIVES = (  # the states that GitHub tells of one deployment, and what it is in the end
    (("pending", "in_progress", "success"), "succeeded"),
    (("queued", "in_progress", "failure"), "failed"),
    (("in_progress", "failure", "in_progress", "success"), "succeeded"),
    (("pending", "in_progress"), "in_progress"),
)

MAKE = """
from deployments.models import Webhook
from tests.factories import *
project = make_project("Shop", owner=make_user("ada@example.com"))
webhook = Webhook.objects.create(project=project, provider="github")
answer = [webhook.key, webhook.secret]
"""
LOOK = """
from datetime import timedelta
from django.utils import timezone
from deployments.deliveries import record_left_behind
from deployments.models import Delivery, Deployment
left = record_left_behind(timezone.now() + timedelta(hours=1))
answer = {
    "left": left,
    "ships": [
        [one.external_id, one.version, one.status, one.shipped_at.isoformat(), one.checkups.count()]
        for one in Deployment.objects.prefetch_related("checkups")
    ],
    "outcomes": sorted(set(Delivery.objects.values_list("outcome", flat=True))),
    "deliveries": Delivery.objects.count(),
}
"""


def moment(ship: int, step: int) -> str:
    minutes = ship * 10 + step
    return f"2026-03-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:00Z"


def calls(count: int):
    """Return (delivery id, body) of `count` deliveries, and the ships that must come of them."""
    made, ships, number = [], {}, 0
    while len(made) < count:
        states, end = LIVES[number % len(LIVES)]
        for step, state in enumerate(states):
            made.append((f"d-{number}-{step}", body(number, step, state)))
        last = len(states) - 1
        ended = end in ("succeeded", "failed")
        shipped = moment(number, last if ended else 0).replace("Z", "+00:00")
        ships[f"github:1:{number + 1}"] = [f"v1.{number}", end, shipped, 6 * (end == "succeeded")]
        number += 1
    return made, ships


def body(ship: int, step: int, state: str) -> bytes:
    told = {
        "deployment_status": {"id": step, "state": state, "created_at": moment(ship, step)},
        "deployment": {
            "id": ship + 1,
            "sha": f"{ship:040x}",
            "ref": f"v1.{ship}",
            "environment": random.choice(["production", "Production"]),
            "created_at": moment(ship, 0),
        },
        "repository": {"id": 1},
    }
    return json.dumps(told).encode()


class Sender:
    """One connection, that is opened again when the server dies under it."""

    def __init__(self, port: int, key: str, secret: str) -> None:
        self.port, self.key, self.secret = port, key, secret
        self.connection: http.client.HTTPConnection | None = None

    def send(self, delivery_id: str, body: bytes) -> int:
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "deployment_status",
            "X-GitHub-Delivery": delivery_id,
            **signature("github", self.secret, body),
        }
        ends = time.monotonic() + 60
        while True:
            try:
                self.connection = self.connection or http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=30
                )
                self.connection.request("POST", f"/hooks/github/{self.key}/", body, headers)
                answer = self.connection.getresponse()
                answer.read()
                return answer.status
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < ends, "nobody answers"
                self.connection = None
                time.sleep(0.05)


@pytest.mark.slow
def test_every_ship_is_there_once_and_in_its_right_state(build_house):  # noqa: F811
    random.seed(7)
    house = build_house(PORT=(port := str(free_port())), LOG_LEVEL="WARNING", WEB_CONCURRENCY="2")
    key, secret = house.python(MAKE)
    server = house.start(PROCFILE["web"])
    once, ships = calls(DELIVERIES)
    queue = once * TIMES
    random.shuffle(queue)
    here = threading.local()
    killed, answers, started = [], [], time.monotonic()

    def deliver(index_and_call):
        index, (delivery_id, raw) = index_and_call
        if not hasattr(here, "sender"):
            here.sender = Sender(int(port), key, secret)
        answers.append(here.sender.send(delivery_id, raw))
        if index and index % (len(queue) // 5) == 0 and (workers := children_of(server.pid)):
            os.kill(workers[0], signal.SIGKILL)
            killed.append(index)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(deliver, enumerate(queue)))
    took = time.monotonic() - started
    found = house.python(LOOK)

    sys.stdout.write(
        f"\n{len(once)} deliveries, {TIMES} times each: {len(queue) / took:.0f} a second, "
        f"{len(killed)} workers killed, {found['left']} left to the bell\n"
    )
    assert len(killed) >= 3
    assert set(answers) <= {201, 202}
    assert found["deliveries"] == len(once)
    assert found["outcomes"] == ["recorded"]
    assert {one[0]: one[1:] for one in found["ships"]} == ships
