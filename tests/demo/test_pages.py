"""Every page of a project, with a full project behind it."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from demo.fill import OWNER, SLUG
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Learning
from tests.demo.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PROJECT = "p/<slug:slug>/"
MOST_QUERIES = 48


def routes(patterns, before="") -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        elif isinstance(one, URLPattern) and route.startswith(PROJECT):
            yield route


# Pages that need nothing but the project's name.
PLAIN = [
    "/" + route.replace("<slug:slug>", SLUG)
    for route in routes(get_resolver().url_patterns)
    if "<" not in route.removeprefix(PROJECT)
]


@pytest.fixture
def ada(filled):
    client = Client()
    client.force_login(User.objects.get(email=OWNER))
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def stranger(filled, cleo):
    client = Client()
    client.force_login(cleo)
    return client


def page_of_thing(filled, thing):
    """Return the address of a page about one thing: a busy ship, a metric, a text, a learning."""
    ship = Deployment.objects.get(project=filled.project, version="3.6.0")
    if thing == "ship":
        return f"/p/{SLUG}/ships/{ship.pk}/"
    if thing == "metric":
        return f"/p/{SLUG}/metrics/checkout_conversion/"
    if thing == "feedback":
        said = FeedbackItem.objects.filter(attributions__deployment=ship).first()
        return f"/p/{SLUG}/feedback/{said.pk}/"
    learning = Learning.objects.get(deployment=ship, successor=None)
    return f"/p/{SLUG}/learnings/{learning.pk}/"


THINGS = ["ship", "metric", "feedback", "learning"]


class TestPages:
    def test_are_found(self):
        assert f"/p/{SLUG}/" in PLAIN
        assert len(PLAIN) >= 6

    @pytest.mark.parametrize("path", PLAIN)
    def test_answer_the_owner_with_few_queries(self, ada, path):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = ada.get(path, follow=True)

        assert answer.status_code in (200, 405), path
        assert len(queries) <= MOST_QUERIES, [query["sql"][:90] for query in queries]

    @pytest.mark.parametrize("thing", THINGS)
    def test_about_one_thing_answer_with_few_queries(self, ada, filled, thing):
        with CaptureQueriesContext(connection) as queries:
            answer = ada.get(page_of_thing(filled, thing))

        assert answer.status_code == 200
        assert len(queries) <= MOST_QUERIES, [query["sql"][:90] for query in queries]

    @pytest.mark.parametrize("path", PLAIN)
    def test_are_not_there_for_a_stranger(self, stranger, path):
        assert stranger.get(path).status_code in (404, 405)

    @pytest.mark.parametrize("thing", THINGS)
    def test_about_one_thing_are_not_there_for_a_stranger(self, stranger, filled, thing):
        assert stranger.get(page_of_thing(filled, thing)).status_code == 404
