"""Who is who: the rules, as tables."""

import pytest

from accounts.aliases import Aliases, Identity, plain, suggestion_for
from accounts.models import User


class TestIdentity:
    @pytest.mark.parametrize(
        ("email", "name", "called"),
        [
            ("Ada@Example.com", "Ada", ("mail", "ada@example.com")),
            ("123+ada@users.noreply.github.com", "Ada", ("login", "ada")),
            ("ada@users.noreply.github.com", "", ("login", "ada")),
            ("123-ada@users.noreply.gitlab.com", "", ("login", "ada")),
            ("ada lovelace", "Ada Lovelace", ("name", "ada lovelace")),
            ("octocat", "", ("name", "octocat")),
        ],
    )
    def test_is_known_for_certain_by_its_address_or_login_and_else_by_its_name(
        self, email, name, called
    ):
        assert Identity(email, name).called == called

    def test_of_a_no_reply_address_is_that_login_with_or_without_the_number(self):
        with_number = Identity("123+ada@users.noreply.github.com")

        assert with_number.called == Identity("ada@users.noreply.github.com").called

    @pytest.mark.parametrize(
        ("one", "other"),
        [("Zoë  Blå", "zoe bla"), ("J. O'Neil", "j o’neil"), ("STRASSE", "straße")],
    )
    def test_names_are_compared_without_case_accents_and_marks(self, one, other):
        assert plain(one) == plain(other)


def known(*, said=None, refused=()):
    ada = User(pk=1, email="ada@example.com", name="Ada Lovelace")
    ben = User(pk=2, email="ben@example.com", name="Ben")
    return Aliases({user.email: user for user in (ada, ben)}, said or {}, frozenset(refused))


class TestMember:
    def test_is_found_by_their_own_address(self):
        assert known().member(Identity("ada@example.com")).pk == 1

    def test_is_found_by_what_people_said(self):
        ben = known().members["ben@example.com"]

        assert (
            known(said={("login", "b"): ben}).member(Identity("b@users.noreply.github.com")) == ben
        )

    def test_what_people_said_counts_for_more_than_the_address(self):
        ben = known().members["ben@example.com"]
        aliases = known(said={("mail", "ada@example.com"): ben})

        assert aliases.member(Identity("ada@example.com")) == ben

    def test_is_nobody_where_people_said_so(self):
        aliases = known(said={("mail", "ada@example.com"): None})

        assert aliases.member(Identity("ada@example.com")) is None

    def test_is_not_guessed_from_a_likeness(self):
        assert known().member(Identity("ada@home.example", "Ada Lovelace")) is None


class TestSuggestion:
    @pytest.mark.parametrize(
        ("email", "name", "whom"),
        [
            ("ada@home.example", "", 1),
            ("al@home.example", "ada lovelace", 1),
            ("7+ben@users.noreply.github.com", "", 2),
            ("adalovelace@users.noreply.github.com", "", 1),
            ("ben", "", 2),
            ("bent@home.example", "Bent", None),
            ("b@home.example", "B", None),
            ("noreply@ci.example", "CI", None),
        ],
    )
    def test_is_the_member_who_is_alike(self, email, name, whom):
        found = suggestion_for(Identity(email, name), known(), {})

        assert (found.user.pk if found else None) == whom

    @pytest.mark.parametrize("local", ["info", "deploy", "me"])
    def test_is_none_for_addresses_that_many_have(self, local):
        shared = User(pk=3, email=f"{local}@example.com", name="Cora")
        aliases = Aliases({shared.email: shared}, {}, frozenset())

        assert suggestion_for(Identity(f"{local}@home.example"), aliases, {}) is None

    def test_is_not_made_again_once_it_was_refused(self):
        who = Identity("ada@home.example")

        assert suggestion_for(who, known(refused=[("mail", "ada@home.example", 1)]), {}) is None

    def test_follows_other_addresses_with_the_same_name(self):
        ben = known().members["ben@example.com"]

        found = suggestion_for(Identity("x@y.example", "Benny"), known(), {"benny": ben})

        assert (found.user, found.reason) == (ben, "another address with the name Benny")
