"""Knowing again who and what was to be forgotten, by keyed fingerprints only.

A fingerprint is HMAC-SHA256 under a key derived from SECRET_KEY: nobody who has only the table can
tell whose it is, or try out mail addresses on it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.crypto import salted_hmac

from accounts.models import Project
from feedback.models import Forgotten
from feedback.rows import Said

SALT = "wake.feedback.forgotten"


def fingerprint(project: Project | int, kind: str, value: str) -> str:
    """Return the fingerprint of a customer's `id` or `email`, or of an `item`; 64 hex digits."""
    project_id = project if isinstance(project, int) else project.pk
    said = f"{project_id}\x1f{kind}\x1f{value.strip().casefold()}"
    return salted_hmac(SALT, said, algorithm="sha256").hexdigest()


def of_item(project: Project | int, source: str, external_id: str) -> str:
    """Return the fingerprint of one thing that was said."""
    return fingerprint(project, "item", f"{source}\x1f{external_id}")


def of_customer(project: Project | int, external_id: str, email: str) -> list[str]:
    """Return the fingerprints that a customer is known again by."""
    found = [fingerprint(project, "id", external_id)]
    # Whoever is known by a mail address in one place has it as a mail address in another.
    for address in {email, external_id if "@" in external_id else ""} - {""}:
        found.append(fingerprint(project, "email", address))
    return found


def fingerprints_of(project: Project | int, one: Said) -> list[str]:
    """Return all that one thing said may be known again by."""
    found = [of_item(project, one.source, one.external_id)]
    if one.customer:
        known_by, _, email = one.customer
        found += of_customer(project, known_by, email)
    return found


def forget(project: Project, fingerprints: Iterable[str], *, now: datetime) -> int:
    """Remember that these are to be forgotten; return how many were new."""
    rows = [
        Forgotten(project=project, fingerprint=one, forgotten_at=now)
        for one in sorted(set(fingerprints))
    ]
    before = Forgotten.objects.filter(project=project).count()
    Forgotten.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["project", "fingerprint"],
        update_fields=["forgotten_at"],
    )
    return Forgotten.objects.filter(project=project).count() - before


def without_forgotten(project: Project, said: Iterable[Said]) -> list[Said]:
    """Return what may be stored, in one query.

    What was erased never comes back under its id. What its customer says later, and says when,
    is theirs to say anew; what does not say when could be old, and stays out.
    """
    by_item = {of_item(project, one.source, one.external_id): one for one in said}
    by_customer: dict[str, list[Said]] = {}
    for one in by_item.values():
        if one.customer:
            known_by, _, email = one.customer
            for print_ in of_customer(project, known_by, email):
                by_customer.setdefault(print_, []).append(one)
    found = dict(
        Forgotten.objects.filter(
            project=project, fingerprint__in=[*by_item, *by_customer]
        ).values_list("fingerprint", "forgotten_at")
    )
    if not found:
        return list(by_item.values())
    out = {id(by_item[print_]) for print_ in found if print_ in by_item}
    for print_, forgotten_at in found.items():
        for one in by_customer.get(print_, ()):
            if not one.said_when or one.said_at <= forgotten_at:
                out.add(id(one))
    return [one for one in by_item.values() if id(one) not in out]
