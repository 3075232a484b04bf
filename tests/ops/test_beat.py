"""Beat, the process that rings the bells."""

import pytest

pytestmark = pytest.mark.slow


class TestBeat:
    def test_ends_without_complaint_when_told_to_while_it_starts(self, build_house):
        house = build_house()

        beat = house.start("celery -q -A tests.ops.hasty_beat beat --loglevel WARNING")

        assert beat.wait(timeout=60) == 0
        assert house.log() == ""
