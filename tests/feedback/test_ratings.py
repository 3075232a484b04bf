"""Ratings of any scale, brought to 1 to 5."""

import pytest

from common.errors import BadInput
from feedback.ratings import Rating, read_rating


class TestReadRating:
    @pytest.mark.parametrize(
        ("given", "value"),
        [
            (1, 1),
            (5, 5),
            ("3", 3),
            ("4.5", 4.5),
            ("4,5", 4.5),
            ("4 stars", 4),
            ("★★★☆☆", 3),
            ("⭐️⭐️", 2),
        ],
    )
    def test_takes_stars_as_they_are(self, given, value):
        assert read_rating(given).value == value
        assert read_rating(given).scale == "stars"

    @pytest.mark.parametrize(("given", "value"), [(0, 1), (5, 3), (6, 3.4), (9, 4.6), (10, 5)])
    def test_spreads_nps_over_our_scale(self, given, value):
        assert read_rating(given, scale="nps") == Rating(value, "nps", given)

    @pytest.mark.parametrize(
        ("given", "scale", "value"),
        [
            (1, "1-7", 1), (4, "1-7", 3), (7, "1-7", 5), (1, "1-10", 1), (10, "1 to 10", 5),
            (0, "percent", 1), (85, "percent", 4.4), (2, "csat", 2), ("up", "thumbs", 5),
            (0, "thumbs", 1), (True, "thumbs", 5), ("-1", "thumbs", 1), (0, "-2-2", 3),
        ],
    )  # fmt: skip
    def test_spreads_each_scale_from_its_worst_to_its_best(self, given, scale, value):
        assert read_rating(given, scale=scale).value == value

    @pytest.mark.parametrize(
        ("given", "value", "scale"),
        [
            ("85%", 4.4, "percent"), ("8/10", 4.2, "0-10"), ("4 out of 5", 4, "stars"),
            ("Satisfied", 4, "csat"), ("VERY_DISSATISFIED", 1, "csat"), ("FIVE", 5, "csat"),
            ("Thumbs up", 5, "thumbs"), ("👎", 1, "thumbs"), ("Neutral.", 3, "csat"),
        ],
    )  # fmt: skip
    def test_reads_what_tells_its_scale_itself(self, given, value, scale):
        found = read_rating(given)

        assert (found.value, found.scale) == (value, scale)

    def test_believes_the_named_scale_for_its_own_top(self):
        assert read_rating("8/10", scale="nps").scale == "nps"
        assert read_rating("8/10", scale="1-10").value == 4.11

    @pytest.mark.parametrize(("given", "best", "value"), [(10, 10, 5), (0, 10, 1), (50, 100, 3)])
    def test_reads_up_to_the_best_from_0(self, given, best, value):
        assert read_rating(given, best=best) == Rating(value, f"0-{best}", given)

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_of_nothing_is_none(self, nothing):
        assert read_rating(nothing) is None

    @pytest.mark.parametrize(
        ("given", "facts", "field"),
        [
            (9, {}, "rating"), (0, {}, "rating"), (11, {"scale": "nps"}, "rating"),
            ("lovely", {}, "rating"), (True, {}, "rating"), ([], {}, "rating"),
            (3, {"scale": "elo"}, "rating_scale"), (3, {"scale": "7-1"}, "rating_scale"),
            (3, {"best": 1}, "rating_max"), (3, {"best": 1000}, "rating_max"),
            ("9/5", {}, "rating"), ("1/0", {}, "rating_max"), ("nan", {}, "rating"),
        ],
    )  # fmt: skip
    def test_refuses_what_is_on_no_scale(self, given, facts, field):
        with pytest.raises(BadInput) as error:
            read_rating(given, **facts)

        assert error.value.field == field
