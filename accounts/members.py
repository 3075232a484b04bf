"""Who is a member of a project, and as what. A project always keeps an owner."""

from dataclasses import dataclass

from django.db import transaction

from accounts.models import Membership, Project, Role, User


class LastOwner(Exception):
    """The change would leave the project with nobody who may manage it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who was added, and whether they are new to Wake and must be invited."""

    membership: Membership
    is_new_person: bool
    was_member: bool


def add_member(project: Project, email: str, role: Role) -> Joined:
    """Make the person with that mail address a member; a member already keeps their role.

    An address that Wake does not know yet becomes a person without a password, who gets in with
    the link of an invitation.
    """
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).first()
        is_new = user is None
        if user is None:
            user = User.objects.create_user(email, None, timezone=project.timezone)
        membership, created = Membership.objects.get_or_create(
            project=project, user=user, defaults={"role": role}
        )
    return Joined(membership, is_new_person=is_new, was_member=not created)


def change_role(membership: Membership, role: Role) -> None:
    """Give a member another role; raises LastOwner if nobody else owns the project."""
    with transaction.atomic():
        _keep_an_owner(membership, unless=role == Role.OWNER)
        membership.role = role
        membership.save(update_fields=["role"])


def remove_member(membership: Membership) -> None:
    """Take somebody out of the project; raises LastOwner if nobody else owns it.

    What they did stays, with their name.
    """
    with transaction.atomic():
        _keep_an_owner(membership, unless=False)
        membership.delete()


def _keep_an_owner(membership: Membership, *, unless: bool) -> None:
    # The project's row is the lock: two owners may be demoting each other at this very moment.
    Project.objects.select_for_update().get(pk=membership.project_id)
    owners = Membership.objects.filter(project=membership.project_id, role=Role.OWNER)
    if not unless and not owners.exclude(pk=membership.pk).exists():
        raise LastOwner("A project needs an owner. Make somebody else an owner first.")
