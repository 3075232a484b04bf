"""Keyset paging, for pages and the API alike: page 10,000 costs what page 1 costs."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

M = TypeVar("M", bound=models.Model)


class Paging(CursorPagination):
    """DRF's keyset paging with Wake's sizes."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: Any = "-pk"


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of rows, with the addresses of the next and the previous, if there are any."""

    rows: list[M]
    next: str | None
    previous: str | None


def page_of(
    request: HttpRequest | Request,
    rows: models.QuerySet[M],
    *,
    by: tuple[str, ...],
    size: int | None = None,
) -> Page[M]:
    """Return the page of `rows`, ordered `by` those fields, that `request` asks for.

    Raises Http404 when the cursor in the address is not one of ours; the API answers 404 too.
    """
    paging = Paging()
    paging.ordering = by
    if size:
        paging.page_size = size
    drf_request = request if isinstance(request, Request) else Request(request)
    try:
        found = paging.paginate_queryset(rows, drf_request) or []
    except (NotFound, ValueError, ValidationError):
        raise Http404("There is no such page.") from None
    return Page(list(found), paging.get_next_link(), paging.get_previous_link())
