"""The newest values in a file of samples, to look at before it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice, pairwise

from common.errors import BadInput
from common.tables import Row, Table
from engagement.sample_rows import read_sample

SHOWN = 48


@dataclass(frozen=True, slots=True)
class FileValue:
    """One value of a metric in a file; a share has the denominator that it is of."""

    at: datetime
    value: float
    denominator: float | None


@dataclass(frozen=True, slots=True)
class FileValues:
    """The newest values of the first metric that a file names, oldest first, at most SHOWN."""

    key: str
    values: list[FileValue]

    def with_gaps(self, missing: float) -> list[tuple[datetime, float]]:
        """Return (time, value), with `missing` where values are skipped; at most ten times SHOWN.

        The bucket is the shortest distance of two values.
        """
        known = {one.at: one.value for one in self.values}
        times = sorted(known)
        steps = [later - earlier for earlier, later in pairwise(times)]
        if not steps or (times[-1] - times[0]) / min(steps) > 10 * SHOWN:
            return sorted(known.items())
        count = round((times[-1] - times[0]) / min(steps)) + 1
        grid = (times[0] + number * min(steps) for number in range(count))
        return sorted({**dict.fromkeys(grid, missing), **known}.items())


def newest_values(
    table: Table,
    *,
    mapping: Mapping[str, str],
    zone: tzinfo,
    now: datetime,
    metric: str = "",
    most_rows: int,
) -> FileValues | None:
    """Return the newest values of the first metric in the file, or None if it has no good row.

    `mapping` is {their column: our field}, `metric` the key for rows that name none. Where two rows
    are of the same time the later one counts, as when they are stored. Raises NotATable.
    """
    key, found = "", dict[datetime, FileValue]()
    for row in _named(islice(table.rows(), most_rows), mapping):
        try:
            one = read_sample({**row, "metric": row.get("metric") or metric}, now=now, zone=zone)
        except BadInput:
            continue
        key = key or one.metric
        if one.metric == key:
            found[one.taken_at] = FileValue(one.taken_at, one.value, one.exposure)
    if not found:
        return None
    return FileValues(key, [found[at] for at in sorted(found)[-SHOWN:]])


def _named(rows: Iterator[Row], mapping: Mapping[str, str]) -> Iterator[dict[str, object]]:
    for row in rows:
        if row.error is None:
            yield {mapping[k]: v for k, v in row.values.items() if mapping.get(k)}
