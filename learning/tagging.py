"""The writing door for what a learning is filed under, and which ships taught it."""

import unicodedata

from django.db.models import Count, Q

from accounts.models import Project
from common.errors import BadInput
from common.values import storable
from deployments.models import Deployment
from learning.models import Learning, Tag

LONGEST = 40
MOST = 20  # on one learning
SUGGESTED = 30


def tag_name(text: str) -> str:
    """Return the name of the tag that a person means: lower case, single spaces, no "#" before it.

    So that "Checkout", "checkout " and "#CHECKOUT" are one tag, on any database. Raises BadInput
    if nothing is left or it is too long.
    """
    name = unicodedata.normalize("NFC", storable(text)).lower().strip().lstrip("#").strip(", ")
    name = " ".join(name.split())
    if not name:
        raise BadInput("name", "is empty.", "Write a word or two.")
    if len(name) > LONGEST:
        raise BadInput("name", f"is longer than {LONGEST} characters.", "Choose a shorter one.")
    return name


def add_tag(learning: Learning, text: str) -> None:
    """File the learning under the tag, made if it is new. Raises BadInput if that cannot be."""
    name = tag_name(text)
    if learning.tags.count() >= MOST and not learning.tags.filter(name=name).exists():
        raise BadInput("name", f"would be one tag too many: {MOST} are taken.", "Remove one first.")
    tag, _ = Tag.objects.get_or_create(project_id=learning.project_id, name=name)
    learning.tags.add(tag)


def remove_tag(learning: Learning, text: str) -> None:
    """Take the tag off the learning; a tag that files nothing any more is forgotten."""
    tag = learning.tags.filter(name=tag_name(text)).first()
    if tag is None:
        return
    learning.tags.remove(tag)
    Tag.objects.filter(pk=tag.pk, learnings=None).delete()


def tags_in_use(project: Project) -> list[Tag]:
    """Return the tags of the newest versions with how many each files (`uses`), most used first."""
    current = Q(learnings__successor=None, learnings__isnull=False)
    return list(
        Tag.objects.filter(project=project)
        .annotate(uses=Count("learnings", filter=current, distinct=True))
        .filter(uses__gt=0)
        .order_by("-uses", "name")
    )


def suggested_for(learning: Learning, tags: list[Tag]) -> list[str]:
    """Return names of tags in use that the learning does not have yet."""
    has = {tag.pk for tag in learning.tags.all()}
    return [tag.name for tag in tags if tag.pk not in has][:SUGGESTED]


def also_taught(learning: Learning, version: str) -> Deployment:
    """Note that the ship of that version taught the same, and return it.

    Raises BadInput if the project has no such ship, or it is the learning's own.
    """
    wanted = storable(version).strip()
    ships = Deployment.objects.filter(project=learning.project_id)
    found = ships.filter(Q(version=wanted) | Q(title=wanted)).order_by(
        "-environment__reaches_customers", "-shipped_at", "-pk"
    )
    ship = found.first() if wanted else None
    if ship is None:
        raise BadInput("ship", "is none of this project.", "Write its version, such as 1.4.0.")
    if ship.pk == learning.deployment_id:
        raise BadInput("ship", "is the one that this was learned from.", "Name another one.")
    learning.also_taught_by.add(ship)
    return ship


def not_taught_by(learning: Learning, pk: int) -> None:
    """Take that ship off those that taught the same."""
    learning.also_taught_by.remove(*Deployment.objects.filter(pk=pk, project=learning.project_id))
