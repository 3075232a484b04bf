"""Keyset paging, for pages and the API alike: page 10,000 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models import F, OrderBy
from django.db.models.expressions import BaseExpression, Func, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, QueryDict

M = TypeVar("M", bound=models.Model)

SIZE = 50
MOST = 200
# So many of the nearest rows are looked through before an index is asked for the rest.
NEAR = 6_000


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of rows, with the addresses of the next and the previous, if there are any."""

    rows: list[M]
    next: str | None
    previous: str | None


class _Beyond(Func):
    """True where a row's fields, taken together, lie beyond a position: (a, b) < (x, y)."""

    output_field = models.BooleanField()

    def __init__(self, *expressions: Any, sign: str) -> None:
        super().__init__(*expressions)
        self.sign = sign

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts = [compiler.compile(one) for one in self.source_expressions]
        half = len(parts) // 2
        fields = ", ".join(sql for sql, _ in parts[:half])
        position = ", ".join(sql for sql, _ in parts[half:])
        return f"(({fields}) {self.sign} ({position}))", [p for _, ps in parts for p in ps]


@dataclass(frozen=True, slots=True)
class Keyset:
    """An order that tells any two rows apart: fields that all run in one direction."""

    fields: tuple[str, ...]
    falling: bool

    @classmethod
    def by(cls, names: Sequence[str]) -> "Keyset":
        """Return the order by `names`; "-" before all of them, or before none, and unique."""
        directions = {name.startswith("-") for name in names}
        assert len(directions) == 1, "A keyset runs in one direction."
        return cls(tuple(name.lstrip("-") for name in names), directions.pop())

    def position(self, row: models.Model) -> list[Any]:
        """Return where `row` stands."""
        return [getattr(row, name) for name in self.fields]

    def beyond(
        self, rows: "models.QuerySet[M]", at: list[Any] | None, *, back: bool = False
    ) -> "models.QuerySet[M]":
        """Keep what comes after the position `at`, or before it with `back`; None keeps all."""
        if at is None:
            return rows
        return rows.filter(self._compare(rows, at, "<" if self.falling != back else ">"))

    def up_to(
        self, rows: "models.QuerySet[M]", at: list[Any], *, back: bool = False
    ) -> "models.QuerySet[M]":
        """Keep what comes no later than the position `at`, or no earlier with `back`."""
        return rows.filter(self._compare(rows, at, ">=" if self.falling != back else "<="))

    def ordered(
        self, rows: "models.QuerySet[M]", *, back: bool = False, looked_up: bool = False
    ) -> "models.QuerySet[M]":
        """Order `rows`; with `looked_up` so that no index offers this order by itself."""
        order: list[Any] = [F(name) for name in self.fields]
        if looked_up:
            # An index that gives the order invites a walk through all rows in search of a few;
            # by an expression, they are looked up by their words first and sorted then.
            order[0] = Coalesce(order[0], order[0])
        falling = self.falling != back
        return rows.order_by(*(OrderBy(one, descending=falling) for one in order))

    def _compare(self, rows: "models.QuerySet[M]", at: list[Any], sign: str) -> BaseExpression:
        values = [
            Value(value, output_field=self._field(rows, name))
            for name, value in zip(self.fields, at, strict=True)
        ]
        return _Beyond(*map(F, self.fields), *values, sign=sign)

    def _field(self, rows: "models.QuerySet[M]", name: str) -> "models.Field[Any, Any]":
        known = rows.query.annotations.get(name)
        if known is not None:
            return known.output_field
        field = rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name)
        assert isinstance(field, models.Field)
        return field

    def read(self, rows: "models.QuerySet[M]", values: Any) -> list[Any]:
        """Return the position that a cursor names; raises ValueError if that cannot be one."""
        if not isinstance(values, list) or len(values) != len(self.fields):
            raise ValueError("not a position")
        read = [
            self._field(rows, name).to_python(value)
            for name, value in zip(self.fields, values, strict=True)
        ]
        if any(value is None or (isinstance(value, float) and value != value) for value in read):
            raise ValueError("not a position")
        return read


def rows_beyond(
    rows: "models.QuerySet[M]",
    keyset: Keyset,
    *,
    at: list[Any] | None,
    most: int,
    back: bool = False,
    among: "models.QuerySet[M] | None" = None,
    far: "models.QuerySet[M] | None" = None,
) -> list[M]:
    """Return up to `most` rows that come after `at`, nearest first; with `back`, before it.

    `among` are the rows before any filter, whose order an index gives: first only the NEAR
    nearest of them are looked through, which is quick when much matches. Only when too few do,
    the rest is looked up: in `far`, the same rows written so that their filter is asked first,
    or else in `rows`, in whatever way the database thinks best.
    """
    if among is not None:
        edge = keyset.ordered(keyset.beyond(among, at, back=back), back=back)
        last = edge.values_list(*keyset.fields)[NEAR : NEAR + 1].first()
        if last is not None:
            near = keyset.up_to(keyset.beyond(rows, at, back=back), list(last), back=back)
            found = list(keyset.ordered(near, back=back)[:most])
            if len(found) == most:
                return found
        else:
            far = None  # so few are left that looking through them is quick
    wanted = keyset.beyond(rows if far is None else far, at, back=back)
    return list(keyset.ordered(wanted, back=back, looked_up=far is not None)[:most])


def page_of(
    request: HttpRequest | Any,
    rows: "models.QuerySet[M]",
    *,
    by: tuple[str, ...],
    size: int | None = None,
    among: "models.QuerySet[M] | None" = None,
    far: "models.QuerySet[M] | None" = None,
) -> Page[M]:
    """Return the page of `rows`, ordered `by` those fields, that `request` asks for.

    `by` must tell any two rows apart and run in one direction; `among` and `far` are those of
    rows_beyond(). Raises Http404 when the cursor in the address is not one of ours; the API
    answers 404 too.
    """
    keyset = Keyset.by(by)
    size = _size(request.GET, size or SIZE)
    at, back = _asked(request.GET, rows, keyset)
    found = rows_beyond(rows, keyset, at=at, most=size + 1, back=back, among=among, far=far)
    if back and len(found) <= size:
        # The way back has reached the top: the first page, full again.
        at, back = None, False
        found = rows_beyond(rows, keyset, at=None, most=size + 1, among=among, far=far)
    more = len(found) > size
    shown = found[:size][::-1] if back else found[:size]
    after = (more or back) and shown
    before = (more if back else at is not None) and shown
    return Page(
        shown,
        _link(request, keyset.position(shown[-1]), "next") if after else None,
        _link(request, keyset.position(shown[0]), "previous") if before else None,
    )


def _size(asked: QueryDict, size: int) -> int:
    text = asked.get("page_size", "")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    return min(wanted, MOST) if wanted else size


def _asked(
    asked: QueryDict, rows: "models.QuerySet[M]", keyset: Keyset
) -> tuple[list[Any] | None, bool]:
    text = asked.get("cursor", "")
    if not text:
        return None, False
    try:
        told = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        back = {"n": False, "p": True}[told[0]]
        at = keyset.read(rows, told[1:])
    except (
        binascii.Error, ValueError, TypeError, KeyError, IndexError, ValidationError, FieldError,
        OverflowError, RecursionError,
    ):  # fmt: skip
        raise Http404("There is no such page.") from None
    return at, back


def cursor_at(position: list[Any], way: str) -> str:
    """Return the cursor of the page that is the "next" or the "previous" to that position."""
    words = json.dumps([way[0], *position], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(words.encode()).decode()


def _link(request: HttpRequest, position: list[Any], way: str) -> str:
    address = urlsplit(request.build_absolute_uri())
    query = QueryDict(address.query, mutable=True)
    query.pop("cursor", None)
    pairs = [(name, value) for name, values in query.lists() for value in values]
    pairs.append(("cursor", cursor_at(position, way)))
    return urlunsplit(address._replace(query=urlencode(pairs)))
