"""Events at the real web server: streamed in pieces as phones do, and counted by a real worker."""

import http.client
import json
import time
from base64 import b64encode

import pytest

from tests.ops.conftest import PATIENCE, PROCFILE, free_port

MAKE_KEY = """
from accounts.models import ApiKey, Project
shop = Project.objects.create(name="Shop", slug="shop")
_, answer = ApiKey.objects.create_key(name="app", project=shop, scopes=["events:write"])
"""


@pytest.fixture
def served(build_house):
    """A house whose web server listens, and how to post to it."""
    port = free_port()
    house = build_house(HOST="127.0.0.1", PORT=str(port))
    user = b64encode(f"{house.python(MAKE_KEY)}:".encode()).decode()
    house.start(PROCFILE["web"])

    def post(path, body):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Authorization": f"Basic {user}", "Content-Type": "application/json"}
        connection.request("POST", path, body, headers, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    ends = time.monotonic() + PATIENCE
    while True:
        try:
            post("/v1/track", b"{}")
            return house, post
        except OSError:
            assert time.monotonic() < ends, house.log()
            time.sleep(0.1)


class TestTheRealServer:
    def test_takes_a_body_that_comes_in_pieces(self, served):
        house, post = served
        batch = [
            {"type": "track", "userId": f"u{n}", "event": "Opened", "messageId": str(n)}
            for n in range(300)
        ]
        body = json.dumps({"batch": batch}).encode()
        pieces = (body[start : start + 1_000] for start in range(0, len(body), 1_000))
        assert post("/v1/import", pieces) == (200, {"success": True})
        assert house.one("SELECT count(*) FROM engagement_event") == 300

    def test_refuses_pieces_without_end(self, served):
        house, post = served
        status, _ = post("/v1/batch", (b" " * 10_000 for _ in range(60)))
        assert status == 400
        assert house.one("SELECT count(*) FROM engagement_event") == 0

    def test_has_them_counted_by_worker_and_bell(self, served):
        house, post = served
        for user in ("kim", "sam"):
            body = json.dumps({"userId": user, "event": "Opened"}).encode()
            assert post("/v1/track", body)[0] == 200
        house.start_worker()
        house.start_beat()
        counted = "SELECT coalesce(max(users), 0) FROM engagement_eventcount WHERE name = 'Opened'"
        assert house.wait_until(counted, 2) == 2
