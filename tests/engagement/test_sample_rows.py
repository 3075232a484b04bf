"""The short way of reading a row may only ever give what the long way gives."""

from datetime import timedelta
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from common.errors import BadInput
from engagement.sample_rows import read_sample, read_samples
from tests.factories import NOW

BERLIN = ZoneInfo("Europe/Berlin")
KEYS = ["orders", "Checkout Rate", " orders ", "a/b.c", "", "!!!", "x" * 101, "é", 7, True, []]
TIMES = [
    "2026-03-01T10:00:00Z",
    "2026-03-01T10:00:59.999999+02:00",
    "2026-03-01 10:00:00-05:00",
    "20260301T100000Z",
    "2026-W09-7T10:00Z",
    "2026-03-01T10:00:00",
    "2026-03-01T25:00:00Z",
    "2026-03-01",
    " 2026-03-01T10:00:00Z ",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    (NOW + timedelta(days=1)).isoformat(),
    (NOW + timedelta(days=1, microseconds=1)).isoformat(),
    "1772359200",
    "1772359200000",
    1772359200,
    1772359200.75,
    1772359200000,
    10**30,
    -5,
    0,
    True,
    None,
    "",
    [],
    {"a": 1},
]
NUMBERS = [1, 0, -1, 2.5, -0.0, 1e308, 5e-324, 10**400, "3", "x", "", None, True, [], float("nan")]


def slowly(row, zone):
    try:
        sample = read_sample(row, now=NOW, zone=zone)
    except BadInput as error:
        return str(error)
    at = floor(sample.taken_at.timestamp())
    return (sample.metric, at, sample.value, sample.exposure)


def quickly(rows, zone):
    read, errors = read_samples(rows, now=NOW, zone=zone, first_index=0)
    refused = {error.index: str(error.error) for error in errors}
    good = iter(read)
    return [refused[i] if i in refused else next(good) for i in range(len(rows))]


def odd(**fields):
    return some.fixed_dictionaries(
        {}, optional={name: some.sampled_from(values) for name, values in fields.items()}
    )


rows = odd(metric=KEYS, at=TIMES, value=NUMBERS, numerator=NUMBERS, denominator=NUMBERS)
plain = some.fixed_dictionaries(
    {"metric": some.just("orders"), "at": some.sampled_from(TIMES[:6]), "value": some.just(1.5)}
)


class TestReadSamples:
    @given(some.lists(rows | plain, max_size=6), some.sampled_from([None, BERLIN]))
    def test_reads_as_one_row_alone_is_read(self, sent, zone):
        assert quickly(sent, zone) == [slowly(row, zone) for row in sent]

    @pytest.mark.parametrize("field", ["metric", "at", "value"])
    @given(some.data())
    def test_reads_rows_alike_but_for_one_value_as_each_alone(self, field, data):
        values = {"metric": KEYS, "at": TIMES, "value": NUMBERS}[field]
        other = data.draw(some.sampled_from([one for one in values if one != []]))
        row = {"metric": "orders", "at": TIMES[0], "value": 1}
        sent = [row, {**row, field: other}, {**row, "value": 2}]

        assert quickly(sent, None) == [slowly(one, None) for one in sent]

    @pytest.mark.parametrize("row", [None, 1, "x", [], [["metric", "orders"]]], ids=repr)
    def test_refuses_what_is_no_object(self, row):
        assert quickly([row], None) == [slowly(row, None)]

    @pytest.mark.parametrize("at", TIMES, ids=repr)
    @pytest.mark.parametrize("zone", [None, BERLIN], ids=str)
    def test_reads_a_time_that_it_has_seen_as_it_did_at_first(self, at, zone):
        row = {"metric": "orders", "at": at, "value": 1}

        assert quickly([row, row], zone) == [slowly(row, zone)] * 2

    @pytest.mark.parametrize("value", NUMBERS, ids=lambda value: repr(value)[:9])
    @pytest.mark.parametrize("denominator", NUMBERS, ids=lambda value: repr(value)[:9])
    @pytest.mark.parametrize("field", ["value", "numerator"])
    def test_reads_shares(self, field, value, denominator):
        row = {"metric": "m", "at": TIMES[0], field: value, "denominator": denominator}

        assert quickly([row], None) == [slowly(row, None)]

    def test_counts_from_the_first_index(self):
        sent = [{"metric": "m", "at": TIMES[0], "value": 1}, {}]
        _, errors = read_samples(sent, now=NOW, zone=None, first_index=100)

        assert [error.index for error in errors] == [101]
