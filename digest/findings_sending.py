"""Sends a mail at once: once, however often anything fails or runs twice."""

import re
from datetime import datetime, timedelta

import css_inline
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Membership, Role
from digest.compose import Mail
from digest.findings import FEEDBACK, about_ship, choice_of, events_for, untold
from digest.findings_letter import FindingLetter, letter_on_feedback, letter_on_ship, off_url
from digest.findings_plain import as_text
from digest.message import message_of, new_message_id
from digest.models import FindingMail
from digest.sending import FIRST_WAIT, LONGEST_WAIT, MAIL_PROBLEMS
from learning.models import FindingNotice

GIVE_UP_AFTER = timedelta(days=3)
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def send_finding_mail(mail: FindingMail, *, now: datetime) -> bool:
    """Send the mail if it is due; return True if it left.

    What it says is written down before it leaves, so that a retry sends the same mail under the
    same Message-ID. If nothing is left to say, because it was all seen meanwhile, it is dropped.
    """
    if not mail.claim(now):
        return False
    mail.refresh_from_db()
    choice = choice_of(mail.project, mail.user)
    may_have_it = (
        choice.is_mailed
        and mail.user.is_active
        and Membership.objects.filter(project=mail.project_id, user=mail.user_id)
        .exclude(role=Role.VIEWER)
        .exists()
    )
    if not may_have_it or now - mail.due_at > GIVE_UP_AFTER or not (_written(mail, now)):
        mail.delete()
        return False
    message = message_of(
        Mail(mail.subject, mail.text, mail.html),
        mail.project,
        mail.recipient,
        off_url(choice),
        list_name="findings",
    )
    message.extra_headers["Message-ID"] = mail.message_id
    try:
        message.send()
    except MAIL_PROBLEMS as problem:
        try_later(mail, problem, now=now)
        return False
    with transaction.atomic():
        FindingMail.objects.filter(pk=mail.pk).update(sent_at=now, claimed_at=None, problem="")
        told = FindingNotice.objects.filter(pk__in=mail.contents.get("notices", []))
        told.update(told_at=now)
    return True


def _written(mail: FindingMail, now: datetime) -> bool:
    """Write down what the mail says, unless it is; return False if there is nothing to say."""
    if mail.message_id:
        return True
    letter = _letter(mail, now)
    if letter is None:
        return False
    page = render_to_string("emails/findings.html", {"letter": letter})
    mail.recipient, mail.subject = mail.user.email, letter.subject
    mail.html = _inliner.inline(re.sub(r"\n\s*", "\n", page))
    mail.text = as_text(letter)
    mail.message_id = new_message_id()
    mail.save(update_fields=["recipient", "subject", "html", "text", "message_id", "contents"])
    return True


def _letter(mail: FindingMail, now: datetime) -> FindingLetter | None:
    choice = choice_of(mail.project, mail.user)
    if mail.about == FEEDBACK:
        events = events_for(mail.user, mail.project, now=now)
        mail.contents = {"events": [event.pk for event in events]}
        return letter_on_feedback(mail.project, events, choice) if events else None
    waiting = untold(now).filter(user=mail.user_id, finding__project=mail.project_id)
    notices = [one for one in waiting if about_ship(one.finding.deployment_id) == mail.about]
    mail.contents = {"notices": [notice.pk for notice in notices]}
    return letter_on_ship(mail.project, notices, choice) if notices else None


def try_later(mail: FindingMail, problem: Exception, *, now: datetime) -> None:
    """Keep why a mail was not sent, and let it be tried again after a while."""
    wait = min(FIRST_WAIT * 2 ** min(mail.attempts, 10), LONGEST_WAIT)
    FindingMail.objects.filter(pk=mail.pk).update(
        problem=f"{type(problem).__name__}: {problem}"[:500],
        attempts=mail.attempts + 1,
        retry_at=now + wait,
        claimed_at=None,
    )
