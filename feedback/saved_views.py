"""Views of the inbox that people keep: filters under a name, their own or the whole project's."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import Project, User
from common.values import storable
from feedback.models import SavedView

MOST_VIEWS = 50


class NotAView(ValueError):
    """Why a view cannot be kept, in a sentence for the person who asked."""


def views_for(user: User, project: Project) -> "QuerySet[SavedView]":
    """Return the project's shared views and the person's own, by name."""
    theirs = Q(owner=None) | Q(owner=user)
    return SavedView.objects.filter(theirs, project=project).order_by("name", "pk")


def default_view(user: User, project: Project) -> SavedView | None:
    """Return what the inbox opens with for this person."""
    return SavedView.objects.filter(project=project, owner=user, is_default=True).first()


def keep_view(
    *, project: Project, owner: User | None, name: str, query: str, now: datetime
) -> SavedView:
    """Keep filters under a name; with no owner they belong to the project.

    The same name again takes the new filters. Raises NotAView.
    """
    name = " ".join(storable(name).split())[:60]
    if not name:
        raise NotAView("Give the view a name.")
    if not query:
        raise NotAView("Set at least one filter first: a view keeps filters.")
    if len(query) > 1000:
        raise NotAView("These filters are too long to keep.")
    known = SavedView.objects.filter(project=project, owner=owner)
    if known.count() >= MOST_VIEWS and not known.filter(name=name).exists():
        raise NotAView(f"There are {MOST_VIEWS} views already. Remove one first.")
    try:
        with transaction.atomic():
            view, _ = SavedView.objects.update_or_create(
                project=project,
                owner=owner,
                name=name,
                defaults={"query": query},
                create_defaults={"query": query, "created_at": now},
            )
    except IntegrityError:  # somebody kept a shared view of that name just now
        raise NotAView("There is a view of that name already.") from None
    return view


def open_with(view: SavedView, *, user: User, now: datetime) -> SavedView:
    """Let the inbox open with these filters for this person; a shared view is copied for that."""
    if view.owner_id is None:
        view = keep_view(
            project=view.project, owner=user, name=view.name, query=view.query, now=now
        )
    with transaction.atomic():
        open_with_everything(user, view.project)
        SavedView.objects.filter(pk=view.pk).update(is_default=True)
    view.is_default = True
    return view


def open_with_everything(user: User, project: Project) -> None:
    """Let the inbox open without filters for this person."""
    SavedView.objects.filter(project=project, owner=user, is_default=True).update(is_default=False)
