"""Takes the mails that came back: whose address does not exist is sent nothing more."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from common.hosts import CannotReach
from common.places import ConnectionFault
from digest.bounce_place import place_of
from digest.bounce_report import FAILED, read_report
from digest.bounces import is_hard, pause_address
from digest.mail_models import BounceMailbox
from digest.models import FindingMail, Issue
from digest.subscribe import subscribe
from feedback.connectors.imap import mailbox_at

logger = logging.getLogger(__name__)

# What lies in a mailbox that was never read before, and is older, says little of today.
FIRST_READ = timedelta(days=7)
AT_ONCE = 500


class Outcome(StrEnum):
    """What became of a mail that came back; the values are words for people."""

    PAUSED = "its address is paused"
    KNOWN = "its address was paused already"
    NOT_FOR_GOOD = "the address may work again"
    NOT_OURS = "it tells of no digest and no finding that Wake sent there"
    NO_REPORT = "it is no report of a delivery"


def take_bounce(raw: bytes, *, now: datetime) -> Outcome:
    """Pause the address if the mail reports that it does not exist.

    The report must name a mail that Wake sent, by its Message-ID, and the address that it was sent
    to: whoever never got the mail can stop nobody's mails.
    """
    report = read_report(raw)
    if report is None:
        return Outcome.NO_REPORT
    sent = _sent_as(report.message_id)
    failures = [one for one in report.failures if sent and sent.recipient.lower() in one.addresses]
    if sent is None or not failures:
        return Outcome.NOT_OURS
    for one in failures:
        if one.action == FAILED and is_hard(one.code, one.reply):
            if isinstance(sent, FindingMail):
                subscribe(sent.project, sent.user, now=now)  # so that there is a place to say so
            count = pause_address(sent.recipient, f"A mail came back: {one}", now=now)
            return Outcome.PAUSED if count else Outcome.KNOWN
    return Outcome.NOT_FOR_GOOD


def _sent_as(message_id: str) -> Issue | FindingMail | None:
    if not message_id or "\0" in message_id:
        return None
    issue = Issue.objects.filter(message_id=message_id).first()
    mails = FindingMail.objects.select_related("project", "user")
    return issue or mails.filter(message_id=message_id).first()


def read_bounces(*, now: datetime) -> Counter[Outcome]:
    """Read what is new in the mailbox of BOUNCE_MAILBOX_URL; return how many came to what.

    Nothing is changed in the mailbox: how far it was read is kept here. Raises ConnectionFault or
    CannotReach, after it was kept, for the page to say so.
    """
    name, place, folder = place_of(settings.BOUNCE_MAILBOX_URL)
    box, _ = BounceMailbox.objects.get_or_create(place=name)
    found: Counter[Outcome] = Counter()
    if not box.claim(now):
        return found
    problem = ""
    try:
        with mailbox_at(place) as mailbox:
            validity = mailbox.open(folder)
            if validity == box.validity:
                waiting = mailbox.uids_after(box.last_uid)
            else:  # numbers of another UIDVALIDITY say nothing
                waiting = mailbox.uids_since((now - FIRST_READ).date())
            for uid in waiting[:AT_ONCE]:
                mail = mailbox.fetch(uid)
                if mail is not None:
                    found[_taken(mail.raw, now)] += 1
                BounceMailbox.objects.filter(pk=box.pk).update(validity=validity, last_uid=uid)
    except (ConnectionFault, CannotReach) as fault:
        problem = str(fault)
        raise
    finally:
        row = BounceMailbox.objects.filter(pk=box.pk)
        row.update(read_at=now, claimed_at=None, problem=problem)
    return found


def _taken(raw: bytes, now: datetime) -> Outcome:
    """Take one mail; none stops the ones behind it, as mails are made by strangers."""
    try:
        return take_bounce(raw, now=now)
    except Exception:
        logger.exception("A mail that came back could not be read.")
        return Outcome.NO_REPORT
