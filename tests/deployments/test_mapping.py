"""A field mapping: written by a person, tried on what really came in, then saved."""

import pytest
from bs4 import BeautifulSoup

from common.errors import BadInput
from common.expressions import check_expression
from deployments.hook_forms import MappingForm
from deployments.mapping import FIELDS, apply_mapping
from deployments.models import Delivery, Deployment, Webhook
from deployments.ship import NotAShip
from tests.deployments.senders import send

BODY = {"app": {"tag": None, "build": 7}, "kind": "deploy", "steps": [{"v": "1"}, {"v": "2"}]}


class TestAMapping:
    def test_reads_each_field_by_its_expression(self):
        mapping = {"version": "app.tag || to_string(app.build)", "title": "join(' ', [kind, 'it'])"}

        assert apply_mapping(mapping, BODY) == [{"version": "7", "title": "deploy it"}]

    def test_leaves_out_what_does_not_meet_the_condition(self):
        with pytest.raises(NotAShip, match="kind == 'test'"):
            apply_mapping({"only_when": "kind == 'test'", "version": "app.build"}, BODY)

    def test_reads_several_ships_out_of_a_list(self):
        assert apply_mapping({"ships": "steps", "version": "v"}, BODY) == [
            {"version": "1"},
            {"version": "2"},
        ]

    def test_without_any_in_the_list_is_no_ship(self):
        with pytest.raises(NotAShip):
            apply_mapping({"ships": "nowhere", "version": "v"}, BODY)

    def test_that_meets_a_wrong_type_says_which_field(self):
        with pytest.raises(BadInput) as refused:
            apply_mapping({"version": "join(' ', app)"}, BODY)

        assert refused.value.field == "version"

    @pytest.mark.parametrize("expression", ["app.", "a[", "nope(a)", "(" * 400, "x" * 501, "'a"])
    def test_refuses_what_cannot_be_read(self, expression):
        form = MappingForm({"version": expression, "sha": "a"})
        try:
            check_expression("version", expression)
            apply_mapping({"version": expression}, BODY)
        except BadInput:
            return
        assert not form.is_valid()

    def test_needs_a_version_or_a_sha(self):
        assert not MappingForm({"environment": "where"}).is_valid()
        assert MappingForm({"sha": "commit"}).is_valid()
        assert MappingForm({}).is_valid()  # none at all

    def test_knows_only_fields_that_a_ship_has(self):
        assert set(MappingForm().fields) == set(FIELDS)


@pytest.mark.django_db
class TestThePage:
    @pytest.fixture
    def hook(self, shop):
        return Webhook.objects.create(project=shop, provider="generic")

    def where(self, hook):
        return f"/p/shop/settings/connect/hooks/{hook.pk}/mapping/"

    def test_shows_the_last_delivery_to_write_by(self, hook, as_ada):
        send(hook, BODY)

        text = BeautifulSoup(as_ada.get(self.where(hook)).content, "html.parser").get_text()

        assert '"build": 7' in text

    def test_tries_it_without_saving_anything(self, hook, as_ada):
        send(hook, BODY)

        answer = as_ada.post(
            self.where(hook),
            {"version": "to_string(app.build)", "title": "kind"},
            headers={"HX-Request": "true", "HX-Target": "trial"},
        )

        part = BeautifulSoup(answer.content, "html.parser")
        assert part.select_one("#trial dd").get_text() == "7"
        assert not part.select("nav")
        hook.refresh_from_db()
        assert (hook.mapping, Deployment.objects.count()) == ({}, 0)

    @pytest.mark.parametrize("wrong", ["app.", "join(' ', app)"])
    def test_says_what_is_wrong_with_it(self, hook, as_ada, wrong):
        send(hook, BODY)

        answer = as_ada.post(self.where(hook), {"version": wrong})

        assert "could not be read" in answer.content.decode() or "is not JMESPath" in (
            answer.content.decode()
        )

    def test_saves_it_and_reads_again_what_waited(self, hook, as_ada):
        send(hook, BODY)
        fields = {"version": "to_string(app.build)", "save": "1", "replay": "on"}

        as_ada.post(self.where(hook), fields)

        hook.refresh_from_db()
        assert hook.mapping == {"version": "to_string(app.build)"}
        assert Deployment.objects.get().version == "7"
        assert Delivery.objects.get().outcome == "recorded"

    def test_does_not_try_it_on_a_delivery_of_another_project(self, hook, as_ada, cleo):
        theirs = Webhook.objects.create(project=cleo.projects.get(), provider="generic")
        send(theirs, {"private": "of the bakery"})
        kept = Delivery.objects.get()

        answer = as_ada.get(self.where(hook) + f"?delivery={kept.pk}")

        assert b"bakery" not in answer.content

    def test_is_for_owners(self, hook, as_ben):
        assert as_ben.get(self.where(hook)).status_code == 403

    def test_is_only_there_for_any_other_tool(self, shop, as_ada):
        other = Webhook.objects.create(project=shop, provider="github")

        assert as_ada.get(self.where(other)).status_code == 404
