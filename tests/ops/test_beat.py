"""Beat, the process that rings the bells."""

import pytest

pytestmark = pytest.mark.slow


class TestBeat:
    def test_ends_without_complaint_when_told_to_while_it_starts(self, build_house):
        house = build_house()

        beat = house.start("celery -q -A tests.ops.hasty_beat beat --loglevel WARNING")

        assert beat.wait(timeout=60) == 0
        assert house.log() == ""

    @pytest.mark.redis
    def test_ends_without_complaint_when_told_to_while_it_speaks_to_redis(
        self, build_house, redis_url
    ):
        house = build_house(REDIS_URL=redis_url)

        beat = house.start("celery -q -A tests.ops.busy_beat beat --loglevel WARNING")

        assert beat.wait(timeout=60) == 0
        assert house.log() == ""

    @pytest.mark.redis
    def test_ends_when_told_to_although_redis_is_silent(self, build_house, redis_url):
        house = build_house(REDIS_URL=redis_url, SILENT_REDIS="1")

        beat = house.start("celery -q -A tests.ops.busy_beat beat --loglevel WARNING")

        assert beat.wait(timeout=60) == 0
