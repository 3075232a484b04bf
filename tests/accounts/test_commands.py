from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey, Project, Role, User


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().splitlines()


class TestCreateProject:
    def test_makes_the_project_and_its_owner(self, db):
        run("create_project", "Shop", "--owner", "ada@example.com")

        project = Project.objects.get(slug="shop")
        assert project.memberships.get().role == Role.OWNER

    def test_the_printed_password_signs_the_new_owner_in(self, db, client):
        said = run("create_project", "Shop", "--owner", "ada@example.com")

        password = said[0].split()[-1]
        assert User.objects.get().check_password(password)

    def test_a_known_person_keeps_their_password(self, ada):
        run("create_project", "Bakery", "--owner", "Ada@Example.com")

        assert User.objects.get() == ada
        assert ada.check_password("correct horse battery")

    def test_asked_again_it_makes_nothing_and_prints_the_slug(self, shop):
        said = run("create_project", "Shop", "--owner", "ada@example.com")

        assert said[-1] == "shop"
        assert Project.objects.count() == 1

    def test_a_taken_slug_is_refused(self, shop):
        with pytest.raises(CommandError, match="Another project has the slug"):
            run("create_project", "Other", "--owner", "ada@example.com", "--slug", "shop")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("", "--owner", "ada@example.com"),
            ("Shop", "--owner", "ada"),
            ("x" * 101, "--owner", "ada@example.com"),
            ("Shop", "--owner", "ada@example.com", "--slug", "no spaces"),
        ],
    )
    def test_what_cannot_be_is_refused_in_a_sentence(self, db, arguments):
        with pytest.raises(CommandError, match=r"\.$"):
            run("create_project", *arguments)


class TestCreateApiKey:
    def test_the_last_line_is_the_key_alone(self, shop):
        key = run("create_api_key", "shop")[-1]

        assert ApiKey.objects.find(key).project == shop

    def test_the_key_may_do_what_was_asked_for_only(self, shop):
        key = run("create_api_key", "shop", "--scope", "read")[-1]

        assert ApiKey.objects.find(key).scopes == ["read"]

    def test_an_unknown_project_is_named_with_those_there_are(self, shop):
        with pytest.raises(CommandError, match="There are: shop"):
            run("create_api_key", "shoop")
