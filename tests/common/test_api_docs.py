"""The API says of itself what it does: in the schema, on its page and in docs/api.md."""

import json
import re

import pytest
from django.conf import settings
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from pytest import fixture

SCHEMA = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/api/v1/")
]


@fixture(scope="module")
def page() -> str:
    return (settings.BASE_DIR / "docs" / "api.md").read_text()


class TestSchema:
    def test_it_is_valid_and_without_warnings(self, tmp_path):
        call_command(
            "spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml")
        )

    @pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
    def test_every_operation_has_a_summary_and_its_refusals(self, path, method, operation):
        assert operation["summary"]
        assert {"401", "403"} <= operation["responses"].keys()

    @pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
    def test_every_body_has_an_example(self, path, method, operation):
        content = operation.get("requestBody", {}).get("content", {})

        assert all(kind.get("examples") for kind in content.values())


class TestExamplesOfTheSchema:
    @pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
    def test_they_are_taken(self, api, path, method, operation):
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            for example in kind["examples"].values():
                answer = api.post(path, example["value"], content_type="application/json")
                assert answer.status_code in (200, 201)
                assert answer.json().get("refused", 0) == 0


class TestPage:
    def test_it_opens_without_signing_in(self, client, db):
        assert client.get("/api/docs/").status_code == 200

    def test_it_runs_no_inline_script_and_no_inline_style(self, client, db):
        html = client.get("/api/docs/").content.decode()

        assert "<style" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)


class TestMarkdown:
    @pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
    def test_every_operation_is_named(self, page, path, method, operation):
        assert f"`{method.upper()} {path}`" in re.sub(r"\{\w+\}", "{}", page) or (
            f"{method.upper()} {re.sub(r'{.+?}', '{}', path)}" in re.sub(r"\{\w+\}", "{}", page)
        )

    def test_every_call_it_shows_is_taken(self, page, api):
        calls = re.findall(r'curl -sS "\$WAKE(/api/v1/[^"]*)"[^\n]* -d \'(.*?)\'\n', page, re.S)

        assert len(calls) >= 5
        for path, body in calls:
            answer = api.post(path, json.loads(body), content_type="application/json")
            assert answer.status_code in (200, 201), (path, answer.content)
            assert not answer.json().get("refused")
            assert not answer.json().get("problems")
