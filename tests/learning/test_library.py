from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from learning.models import Learning
from learning.tagging import add_tag
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment


def make_learning(project, headline, *, ship=None, verdict=Verdict.SUPPORTED, **facts):
    return Learning.objects.create(
        project=project, deployment=ship or make_deployment(project), headline=headline,
        verdict=verdict, method="test", drafted_at=NOW, due_at=NOW + timedelta(days=7), **facts,
    )  # fmt: skip


def headlines(client, query=""):
    page = BeautifulSoup(client.get(f"/p/shop/learnings/{query}").content, "html.parser")
    return [link.get_text(strip=True) for link in page.select(".timeline__title")]


def told(api, query=""):
    answer = api.get(f"/api/v1/learnings/{query}")
    assert answer.status_code == 200, answer.content
    return [row["headline"] for row in answer.json()["results"]]


@pytest.fixture
def overturned(shop):
    first = make_learning(shop, "it worked")
    make_learning(
        shop, "it wore off", ship=first.deployment, verdict=Verdict.NO_EFFECT, version=2,
        supersedes=first,
    )  # fmt: skip
    make_learning(shop, "something else")


class TestTheFilters:
    def test_keep_what_a_look_back_overturned(self, overturned, as_vic, api):
        assert headlines(as_vic, "?state=overturned") == ["it wore off"]
        assert told(api, "?state=overturned") == ["it wore off"]

    def test_find_the_versions_that_were_superseded(self, overturned, as_vic, api):
        assert headlines(as_vic, "?state=superseded") == ["it worked"]
        assert told(api, "?state=superseded") == ["it worked"]

    def test_keep_what_is_filed_under_a_tag(self, shop, as_vic, api):
        make_learning(shop, "untagged")
        add_tag(make_learning(shop, "tagged"), "Pricing")

        assert headlines(as_vic, "?tag=pricing") == ["tagged"]
        assert told(api, "?tag=Pricing") == ["tagged"]

    def test_do_not_know_a_tag_of_nobody(self, shop, as_vic, api):
        make_learning(shop, "untagged")

        assert headlines(as_vic, "?tag=nobody") == ["untagged"]
        assert told(api, "?tag=nobody") == []


class TestTheSearch:
    @pytest.mark.parametrize(
        "word", ["überblick", "ÜBERBLICK", "Überblick", "blick", "rose", "cut", "preise", "PREISE"]
    )
    def test_finds_words_in_whatever_case_wherever_they_are(self, shop, as_vic, api, word):
        make_learning(shop, "another")
        wanted = make_learning(
            shop, "Ein Überblick hilft", evidence="Orders rose.", takeaway="Cut again."
        )
        add_tag(wanted, "Preise")

        assert headlines(as_vic, f"?q={word}") == ["Ein Überblick hilft"]
        assert told(api, f"?q={word}") == ["Ein Überblick hilft"]

    def test_shows_a_learning_once_however_many_of_its_tags_fit(self, shop, as_vic):
        learning = make_learning(shop, "tagged")
        for tag in ("price", "price list", "prices"):
            add_tag(learning, tag)

        assert headlines(as_vic, "?q=price") == ["tagged"]

    def test_wants_every_word(self, shop, as_vic):
        make_learning(shop, "shorter forms")

        assert headlines(as_vic, "?q=shorter+longer") == []
