import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from learning.exporting import COLUMNS
from learning.models import Learning
from learning.tagging import add_tag
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_project

PAGE = "/p/shop/learnings/export/?format="


def make_learning(project, headline="Shorter forms sell", **facts):
    facts = {"verdict": Verdict.SUPPORTED, "evidence": "It rose.", **facts}
    return Learning.objects.create(
        project=project, deployment=make_deployment(project), headline=headline,
        method="test", drafted_at=NOW, due_at=NOW, **facts,
    )  # fmt: skip


def fetched(client, address):
    response = client.get(f"{PAGE}{address}")
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class TestTheExport:
    def test_is_hidden_from_strangers(self, shop, as_cleo):
        assert as_cleo.get(f"{PAGE}csv").status_code == 404

    def test_knows_no_other_format(self, shop, as_vic):
        assert as_vic.get(f"{PAGE}xml").status_code == 404

    def test_holds_every_learning_of_the_project_and_no_other(self, shop, as_vic):
        make_learning(shop)
        make_learning(make_project("Elsewhere"), "secret")

        found = rows(fetched(as_vic, "csv"))

        assert [row["headline"] for row in found] == ["Shorter forms sell"]
        assert tuple(found[0]) == COLUMNS

    def test_holds_what_the_filters_leave(self, shop, as_vic):
        make_learning(shop)
        make_learning(shop, "another", verdict=Verdict.REFUTED)

        found = rows(fetched(as_vic, "csv&verdict=refuted"))

        assert [row["headline"] for row in found] == ["another"]

    @pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
    def test_starts_no_formula_in_a_spreadsheet(self, shop, as_vic, evil):
        make_learning(shop, evil)

        assert rows(fetched(as_vic, "csv"))[0]["headline"] == f"'{evil}"

    def test_writes_json_lines(self, shop, as_vic):
        add_tag(make_learning(shop), "Checkout")

        assert json.loads(fetched(as_vic, "jsonl"))["tags"] == ["checkout"]

    def test_writes_markdown_in_which_peoples_words_stay_words(self, shop, as_vic):
        make_learning(shop, "# <b>Not</b> a [heading](x)", takeaway="Two\n\nparagraphs")

        text = fetched(as_vic, "markdown")

        assert r"## \# \<b\>Not\</b\> a \[heading\](x)" in text
        assert "Two\n\nparagraphs" in text

    def test_takes_few_queries_however_many_there_are(
        self, shop, as_vic, django_assert_max_num_queries
    ):
        for number in range(30):
            add_tag(make_learning(shop), f"tag {number}")

        with django_assert_max_num_queries(11):
            assert len(rows(fetched(as_vic, "csv"))) == 30


class TestTheCommand:
    def run(self, **options):
        out = io.StringIO()
        call_command("export_learnings", project="shop", stdout=out, **options)
        return out.getvalue()

    def test_writes_what_the_page_sends(self, shop, as_vic):
        make_learning(shop)

        assert self.run(format="csv") == fetched(as_vic, "csv")

    def test_can_be_narrowed_to_a_tag(self, shop):
        make_learning(shop, "untagged")
        add_tag(make_learning(shop, "tagged"), "pricing")

        assert [json.loads(self.run(format="jsonl", tag="Pricing"))["headline"]] == ["tagged"]

    @pytest.mark.parametrize("wrong", [{"verdict": "great"}, {"tag": "no such"}, {"since": "soon"}])
    def test_refuses_a_filter_that_it_cannot_read(self, shop, wrong):
        with pytest.raises(CommandError, match=next(iter(wrong))):
            self.run(**wrong)

    def test_names_a_project_that_is_not_there(self, db):
        with pytest.raises(CommandError, match="no project"):
            call_command("export_learnings", project="none")
