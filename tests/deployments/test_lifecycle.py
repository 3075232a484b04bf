"""The rules of a ship's life, as tables; and that the order of arrival does not matter."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.lifecycle import (
    RANK,
    GoneLive,
    Named,
    Word,
    better_version,
    is_told_twice,
    life_of,
    roll_backs,
    sittings,
    together,
)
from tests.factories import NOW


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)


def words(*told: str) -> tuple[Word, ...]:
    """Return the words written as "succeeded@5", heard in that order, a minute apart."""
    return tuple(
        Word(at(float(moment)), status, heard_at=at(100 + number))
        for number, (status, moment) in enumerate(one.split("@") for one in told)
    )


class TestLife:
    @pytest.mark.parametrize(
        ("told", "status", "shipped"),
        [
            (["pending@0"], "pending", 0),
            (["pending@0", "in_progress@1"], "in_progress", 1),
            (["in_progress@1", "failed@2"], "failed", 2),
            (["pending@0", "in_progress@1", "succeeded@5"], "succeeded", 5),
            (["succeeded@5", "pending@0"], "succeeded", 5),
            (["failed@2", "succeeded@5"], "succeeded", 5),
            (["succeeded@5", "failed@6"], "succeeded", 5),
            (["succeeded@5", "succeeded@3"], "succeeded", 3),
            (["succeeded@5", "rolled_back@9"], "rolled_back", 5),
            (["rolled_back@9", "succeeded@5"], "rolled_back", 5),
            (["rolled_back@9"], "rolled_back", 9),
        ],
    )
    def test_is_told_by_the_words(self, told, status, shipped):
        life = life_of(words(*told))

        assert (life.status, life.shipped_at) == (status, at(shipped))

    def test_ends_when_it_was_taken_back(self):
        assert life_of(words("succeeded@5", "rolled_back@9")).rolled_back_at == at(9)

    def test_ends_when_that_was_heard_where_the_tool_repeats_when_it_went_live(self):
        assert life_of(words("succeeded@5", "rolled_back@5")).rolled_back_at == at(101)

    def test_never_ends_before_it_began_though_clocks_differ(self):
        back = Word(at(4), "rolled_back", heard_at=at(3))

        assert life_of([*words("succeeded@5"), back]).rolled_back_at == at(5)

    def test_is_dated_by_who_was_there_rather_than_by_a_tag(self):
        tag = Word(at(-60), "succeeded", guessed=True)

        assert life_of([tag, *words("succeeded@5")]).shipped_at == at(5)

    def test_is_dated_by_an_old_tag_where_it_was_shipped_again_much_later(self):
        tag = Word(at(-60) - timedelta(days=90), "succeeded", guessed=True)

        assert life_of([tag, *words("succeeded@5")]).shipped_at == tag.at


MESSAGES = st.lists(
    st.builds(
        Word,
        st.integers(-2000, 2000).map(at),
        st.sampled_from(list(RANK)),
        st.sampled_from(["", "github:1"]),
        st.booleans(),
        st.integers(0, 50).map(at),
    ),
    min_size=1,
    max_size=12,
)


class TestAnyOrder:
    @given(MESSAGES, st.randoms())
    def test_and_any_repetition_end_in_the_same_life(self, told, random):
        once = life_of(together(told))
        shuffled = told * 2
        random.shuffle(shuffled)
        kept: tuple[Word, ...] = ()

        for word in shuffled:
            kept = together(kept, [word])

        assert life_of(kept) == once

    @given(MESSAGES)
    def test_a_life_is_never_over_before_it_began(self, told):
        life = life_of(told)

        assert life.rolled_back_at is None or life.rolled_back_at >= life.shipped_at

    @given(MESSAGES)
    def test_words_can_be_stored_and_read_again(self, told):
        assert [Word.from_json(word.as_json()) for word in told] == told

    @given(MESSAGES, st.lists(st.integers(-2000, 2000).map(at), max_size=6), st.randoms())
    def test_parting_them_into_ships_loses_none(self, told, others, random):
        told = together(told)
        shuffled = list(told)
        random.shuffle(shuffled)

        ships = sittings(shuffled, others)

        assert sorted(word for ship in ships for word in ship) == sorted(told)
        assert ships == sittings(told, others)

    def test_so_many_retries_are_not_kept_for_ever(self):
        kept = together(words(*(f"succeeded@{minute}" for minute in range(500))))

        assert (len(kept), kept[0].at, kept[-1].at) == (20, at(0), at(499))


class TestSittings:
    @pytest.mark.parametrize(
        ("told", "others", "ships"),
        [
            (["succeeded@0", "succeeded@9"], [], 1),
            (["succeeded@0", "succeeded@9"], [5], 2),
            (["succeeded@0", "succeeded@9"], [0, 9, 12], 1),
            (["succeeded@0", "succeeded@9", "succeeded@19"], [5, 15], 3),
            (["pending@0", "succeeded@9"], [5], 1),
            (["succeeded@0", "rolled_back@5", "succeeded@9"], [], 2),
        ],
    )
    def test_another_in_between_makes_it_two(self, told, others, ships):
        assert len(sittings(words(*told), [at(other) for other in others])) == ships

    def test_what_began_belongs_to_what_went_live_next(self):
        _, second = sittings(words("succeeded@0", "pending@7", "succeeded@9"), [at(5)])

        assert [word.status for word in second] == ["pending", "succeeded"]

    def test_what_was_taken_back_had_gone_live_before(self):
        first, _ = sittings(words("succeeded@0", "rolled_back@4", "succeeded@9"), [at(5)])

        assert [word.status for word in first] == ["succeeded", "rolled_back"]


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            (("1.2", ""), ("v1.2", ""), True),
            (("1.2", ""), ("1.3", ""), False),
            (("1.2", "3f2c1d9aaaa"), ("1.2", "3f2c1d9"), True),
            (("1.2", "3f2c1d9"), ("1.2", "eeeeeee"), False),
            (("3f2c1d9", "3f2c1d9aaaa"), ("1.2", "3f2c1d9aaaa"), True),
            (("1.2", "3f2c1d9"), ("1.3", "3f2c1d9"), False),
            (("1.2", ""), ("", ""), False),
            (("very-fast", ""), ("ery-fast", ""), False),
        ],
    )
    def test_are_of_one_version_whatever_the_spelling(self, one, other, same):
        assert Named(*one).is_same_as(Named(*other)) is same
        assert Named(*other).is_same_as(Named(*one)) is same

    def test_a_version_says_more_than_a_commit(self):
        assert better_version("3f2c1d9aaaa", "1.2", sha="3f2c1d9aaaabbb") == "1.2"


class TestToldTwice:
    @pytest.mark.parametrize(
        ("known", "word", "same"),
        [
            ("succeeded@0", "succeeded@9", True),
            ("succeeded@0", "succeeded@11", False),
            ("in_progress@0", "succeeded@29", True),
            ("in_progress@0", "succeeded@31", False),
            ("succeeded@29", "pending@0", True),
            ("succeeded@0", "pending@11", False),
            ("pending@0", "in_progress@20", True),
            ("succeeded@0", "rolled_back@5000", True),
            ("pending@0", "rolled_back@5", False),
        ],
    )
    def test_within_minutes_two_tools_tell_of_one_ship(self, known, word, same):
        assert is_told_twice(life_of(words(known)), words(word)[0]) is same


def line(*versions: str) -> list[GoneLive]:
    return [GoneLive(n, Named(version), at(n)) for n, version in enumerate(versions)]


class TestRollBacks:
    @pytest.mark.parametrize(
        ("versions", "taken_back"),
        [
            ("a b c", {}),
            ("a b a", {1: 2}),
            ("a a", {}),
            ("a b b", {}),
            ("a b c a", {1: 3, 2: 3}),
            ("a b c b", {2: 3}),
            ("a b a b", {1: 2}),
            ("a b a b a", {1: 2, 3: 4}),
            ("a b a c b", {1: 2, 3: 4}),
            ("a b b a", {1: 3, 2: 3}),
            ("a v1 b 1", {2: 3}),
        ],
    )
    def test_an_older_version_takes_back_the_later_ones_that_stand(self, versions, taken_back):
        assert roll_backs(line(*versions.split())) == taken_back

    @given(st.lists(st.sampled_from("abcd"), max_size=12), st.randoms())
    def test_do_not_depend_on_the_order_of_arrival(self, versions, random):
        ships = line(*versions)
        shuffled = list(ships)
        random.shuffle(shuffled)

        assert roll_backs(shuffled) == roll_backs(ships)

    @given(st.lists(st.sampled_from("abcd"), max_size=12))
    @settings(suppress_health_check=[HealthCheck.too_slow])
    def test_never_take_back_what_came_later(self, versions):
        assert all(taken < by for taken, by in roll_backs(line(*versions)).items())

    def test_a_version_known_by_its_commit_is_found_by_its_name(self):
        ships = [
            GoneLive(1, Named("1.0", "aaaaaaaaaa"), at(1)),
            GoneLive(2, Named("1.1", "bbbbbbbbbb"), at(2)),
            GoneLive(3, Named("1.0"), at(3)),
        ]

        assert roll_backs(ships) == {2: 3}
