"""Readers without an account: an address gets nothing but one question until it has said yes.

Whoever adds an address learns nothing about it: the answer is the same whether it is new, known
here or elsewhere, or has been asked too lately to be asked again.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from accounts.models import Membership, Project, User
from common.days import zone_of
from common.mail import UnfoldedMail
from digest.links import address
from digest.models import AddressAsked, Subscription
from digest.schedule import next_due
from digest.subscribe import MONDAY, MORNING, subscribe, turn

SALT = "digest.confirm"
# A link to say yes works for so long.
ANSWER_WITHIN = timedelta(days=7)
# One project asks so many addresses an hour; one address is asked once a day by a project, and
# so often a month by all of them.
ASKED_AN_HOUR = 20
ASKED_A_DAY_BY_ONE = 1
ASKED_A_MONTH_BY_ALL = 3


class AskedTooMany(Exception):
    """The project has asked as many addresses as it may for now."""


class LinkIsOver(Exception):
    """The link to say yes is too old, was taken back, or was never ours."""


def of_project(project: Project) -> QuerySet[Subscription]:
    """Return the addresses without an account, and the members whose address is paused."""
    paused = Q(paused_at__isnull=False)
    return Subscription.objects.filter(Q(user=None) | paused, project=project, channel=None)


def ask(project: Project, typed: str, *, by: User, now: datetime) -> None:
    """Ask an address whether it wants the project's digest, unless it said so or no before.

    Raises AskedTooMany, and OSError (SMTPException among them) if the mail did not leave.
    """
    email = typed.strip().lower()
    asked = AddressAsked.objects.filter(project=project, asked_at__gt=now - timedelta(hours=1))
    if asked.count() >= ASKED_AN_HOUR:
        raise AskedTooMany
    subscription = _recipient(project, email, by, now)
    if subscription.confirmed_at or subscription.paused_at:
        return
    may_be_asked = _may_be_asked(project, email, now)
    # The list shows the same, whether the address hears of it or was asked too lately elsewhere.
    Subscription.objects.filter(pk=subscription.pk).update(asked_by=by, asked_at=now)
    if not may_be_asked:
        return
    note = AddressAsked.objects.create(project=project, fingerprint=_of(email), asked_at=now)
    try:
        _send_question(subscription, by)
    except Exception:
        note.delete()  # what did not leave was not asked
        raise


def _may_be_asked(project: Project, email: str, now: datetime) -> bool:
    asked = AddressAsked.objects.filter(fingerprint=_of(email))
    by_one = asked.filter(project=project, asked_at__gt=now - timedelta(days=1))
    by_all = asked.filter(asked_at__gt=now - timedelta(days=30))
    return by_one.count() < ASKED_A_DAY_BY_ONE and by_all.count() < ASKED_A_MONTH_BY_ALL


def _of(email: str) -> str:
    """Return what an address is recognized by, where the address itself is not kept."""
    return salted_hmac("digest.asked", email, algorithm="sha256").hexdigest()


def _recipient(project: Project, email: str, by: User, now: datetime) -> Subscription:
    due = next_due(MONDAY, MORNING, zone_of(project.timezone), after=now)
    row, _ = Subscription.objects.get_or_create(
        project=project,
        email=email,
        defaults={
            "is_on": False, "weekday": MONDAY, "hour": MORNING, "timezone": project.timezone,
            "next_due_at": due, "asked_by": by,
        },
    )  # fmt: skip
    return row


def confirmation_token(subscription: Subscription) -> str:
    """Return the signed secret that only the owner of the address gets to see."""
    return signing.dumps({"s": subscription.pk, "e": subscription.email}, salt=SALT)


def _send_question(subscription: Subscription, by: User) -> None:
    facts = {
        "project": subscription.project,
        "by": by,
        "link": address("digest_confirm", confirmation_token(subscription)),
        "days": ANSWER_WITHIN.days,
    }
    subject = " ".join(f"Do you want the digest of {subscription.project}?".split())
    text = render_to_string("digest/confirm.txt", facts)
    headers = {"Auto-Submitted": "auto-generated"}
    UnfoldedMail(subject, text, to=[subscription.email], headers=headers).send()


def asked_by_link(token: str) -> Subscription:
    """Return whose question the link answers; raises LinkIsOver."""
    try:
        words = signing.loads(token, salt=SALT, max_age=ANSWER_WITHIN)
        rows = Subscription.objects.select_related("project", "asked_by")
        return rows.get(pk=words["s"], email=words["e"], user=None)
    except (signing.BadSignature, Subscription.DoesNotExist) as error:
        raise LinkIsOver from error


def confirm(subscription: Subscription, *, now: datetime) -> Subscription:
    """Take the address's yes; return the subscription under which the digests come.

    An address that is a member's own needs no second digest: the member's comes instead.
    """
    member = Membership.objects.filter(
        project=subscription.project, user__email__iexact=subscription.email, user__is_active=True
    ).first()
    if member:
        own = subscribe(subscription.project, member.user, now=now)
        if not own.is_on:
            turn(own, on=True, now=now)
        subscription.delete()
        return own
    Subscription.objects.filter(pk=subscription.pk, confirmed_at=None).update(confirmed_at=now)
    subscription.refresh_from_db()
    if not subscription.is_on:
        turn(subscription, on=True, now=now)
    return subscription
