import json
import subprocess

import pytest
import yaml
from bs4 import BeautifulSoup

from common.errors import BadInput
from deployments.deliveries import keep_unreadable
from deployments.models import Delivery, Webhook
from deployments.snippets import snippets
from tests.factories import NOW

PAGE = "/p/shop/settings/connect/"


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def snippet(name):
    return next(one.text for one in snippets("https://wake.example.com") if one.name == name)


class TestConnect:
    def test_is_hidden_from_strangers(self, shop, as_cleo):
        assert as_cleo.get(PAGE).status_code == 404

    def test_tells_viewers_which_role_it_needs(self, shop, as_vic):
        assert as_vic.get(PAGE).status_code == 403

    def test_shows_members_the_snippets_with_this_wakes_address(self, shop, as_ben, settings):
        settings.BASE_URL = "https://wake.example.com"

        text = parse(as_ben.get(PAGE)).get_text()

        assert text.count("https://wake.example.com/api/v1/deployments/") == 5

    def test_shows_the_secret_to_owners_only(self, shop, as_ada, as_ben):
        as_ada.post(f"{PAGE}hooks/", {"provider": "github"})
        webhook = Webhook.objects.get()

        assert webhook.secret in as_ada.get(f"{PAGE}hooks/{webhook.pk}/").content.decode()
        for private in (webhook.secret, webhook.key):
            assert private not in as_ben.get(PAGE).content.decode()

    def test_shows_the_address_that_takes_deliveries(self, shop, as_ada, settings, client):
        made = as_ada.post(f"{PAGE}hooks/", {"provider": "github"})

        address = parse(as_ada.get(made.url)).select_one("main .code").get_text(strip=True)

        answer = client.post(address.removeprefix(settings.BASE_URL), "{}", "application/json")
        assert answer.status_code == 401  # known, but not signed

    def test_lists_what_came_in_and_why_it_could_not_be_read(self, shop, as_ben):
        keep_unreadable(
            project=shop,
            provider="github",
            body=b"<script>",
            reason=BadInput("sha", "<script>alert(1)</script> is missing.", "Send it."),
            now=NOW,
        )

        page = parse(as_ben.get(PAGE))

        assert "<script>alert(1)</script> is missing. Send it." in page.get_text()
        assert not [tag for tag in page.select("script") if not tag.get("src")]

    def test_costs_as_many_queries_for_many_deliveries_as_for_none(
        self, shop, as_ada, django_assert_max_num_queries
    ):
        Delivery.objects.bulk_create(
            Delivery(project=shop, provider="github", body=b"{}", received_at=NOW)
            for _ in range(30)
        )

        with django_assert_max_num_queries(10):
            as_ada.get(PAGE)


class TestSnippets:
    def run(self, command, folder, **env):
        """Run a snippet with a curl that prints what it was told to send."""
        curl = folder / "curl"
        curl.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" > {folder}/said\nexit 7\n')
        curl.chmod(0o755)
        path = f"{folder}:/usr/bin:/bin"
        done = subprocess.run(
            ["sh", "-e", "-c", command], env={"PATH": path, **env}, cwd=folder, check=False
        )
        said = (folder / "said").read_text().split("\0")
        return done.returncode, said

    def test_send_json_and_never_fail_a_build(self, tmp_path):
        for command in (
            "git init -q",
            "git -c user.name=A -c user.email=ada@example.com commit -q --allow-empty -m x",
        ):
            subprocess.run(command.split(), cwd=tmp_path, check=True)

        code, said = self.run(snippet("Any shell"), tmp_path, WAKE_API_KEY="k.1")

        body = json.loads(said[said.index("-d") + 1])
        assert code == 0
        assert "Authorization: Bearer k.1" in said
        assert len(body["sha"]) == 40
        assert body["author"] == "ada@example.com"

    def test_are_taken_by_the_api(self, shop, api):
        body = {"sha": "a" * 40, "environment": "production", "author": "ada@example.com",
                "url": "https://git.example.com/x/-/commit/aaa"}  # fmt: skip

        answer = api.post("/api/v1/deployments/", body, content_type="application/json")

        assert answer.status_code == 201

    @pytest.mark.parametrize("name", ["GitHub Actions", "GitLab CI"])
    def test_are_sound_yaml_whose_shell_sends_json(self, name, tmp_path):
        [step] = (
            yaml.safe_load(snippet(name))
            if name == "GitHub Actions"
            else [yaml.safe_load(snippet(name))["tell-wake"]]
        )
        command = step["run"] if "run" in step else "\n".join(step["script"])
        known = {"GITHUB_SHA": "a1", "CI_COMMIT_SHA": "a1", "CI_ENVIRONMENT_NAME": "production"}

        code, said = self.run(command, tmp_path, WAKE_API_KEY="k.1", **known)

        assert code == 0
        assert json.loads(said[said.index("-d") + 1])["sha"] == "a1"

    def test_wait_ten_seconds_at_most(self):
        for one in snippets("https://wake.example.com"):
            assert "--max-time 10" in one.text
            assert "|| true" in one.text

    def test_for_github_read_the_key_from_its_secrets(self):
        assert "${{ secrets.WAKE_API_KEY }}" in snippet("GitHub Actions")
