"""Sends a mail at once: once, however often anything fails or runs twice."""

import re
from datetime import datetime, timedelta

import css_inline
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from digest.bounces import is_hard, is_paused, pause_address
from digest.compose import Mail
from digest.findings import FEEDBACK, about_ship, choice_of, events_for, untold
from digest.findings_letter import FindingLetter, letter_on_feedback, letter_on_ship, off_url
from digest.findings_plain import as_text
from digest.handover import AddressRefused, MayHaveArrived, hand_over, words_of
from digest.message import message_of, new_message_id
from digest.models import FindingMail
from digest.sending import FIRST_WAIT, LONGEST_WAIT, MAIL_PROBLEMS
from digest.subscribe import subscribe
from learning.findings_people import able
from learning.models import FindingChoice, FindingNotice

GIVE_UP_AFTER = timedelta(days=3)
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def send_finding_mail(mail: FindingMail, *, now: datetime) -> bool:
    """Send the mail if it is due; return True if it left.

    What it says is written down before it leaves, so that a retry sends the same mail under the
    same Message-ID. If nothing is left to say, because it was all seen meanwhile, it is dropped.
    Like a digest it is marked just before it is given away: if a worker dies then, or the line
    breaks, nobody can know whether it arrived, and it is not sent a second time.
    """
    if not mail.claim(now):
        return False
    mail.refresh_from_db()
    if mail.handing_at:  # a worker died while it gave this mail away
        _doubt(mail, now)
        return False
    choice = choice_of(mail.project, mail.user)
    too_late = now - mail.due_at > GIVE_UP_AFTER
    if too_late or not _may_have_it(mail, choice) or not _written(mail, now):
        mail.delete()
        return False
    try:
        mine = hand_over(_message(mail, choice), may_i=lambda: _mark(mail, now))
    except MayHaveArrived:
        _doubt(mail, now)
        return False
    except MAIL_PROBLEMS as problem:
        _put_off(mail, problem, now)
        return False
    except Exception:
        _take_back(mail, now)
        raise
    if mine:
        _arrived(mail, now)
    return mine


def _may_have_it(mail: FindingMail, choice: FindingChoice) -> bool:
    on_the_team = able(mail.project).filter(pk=mail.user_id).exists()
    return choice.is_mailed and on_the_team and not is_paused(mail.project, mail.user)


def _message(mail: FindingMail, choice: FindingChoice) -> EmailMessage:
    said = Mail(mail.subject, mail.text, mail.html)
    way_out = off_url(choice)
    message = message_of(said, mail.project, mail.recipient, way_out, list_name="findings")
    message.extra_headers["Message-ID"] = mail.message_id
    return message


def _mark(mail: FindingMail, now: datetime) -> bool:
    """Mark the mail as given away; return False if another worker has done so."""
    row = FindingMail.objects.filter(pk=mail.pk, sent_at=None, handing_at=None)
    return row.update(handing_at=now) == 1


def _take_back(mail: FindingMail, now: datetime) -> None:
    """Take the mark back: the mail surely did not leave."""
    FindingMail.objects.filter(pk=mail.pk, handing_at=now).update(handing_at=None)


def _put_off(mail: FindingMail, problem: Exception, now: datetime) -> None:
    """Try later, or, when the mail server does not know the address, send nothing more to it."""
    _take_back(mail, now)
    if isinstance(problem, AddressRefused) and is_hard(problem.smtp_code, str(problem.smtp_error)):
        subscribe(mail.project, mail.user, now=now)  # so that there is a place to say so
        pause_address(mail.recipient, str(problem), now=now)
        mail.delete()
    else:
        try_later(mail, problem, now=now)


def _arrived(mail: FindingMail, now: datetime) -> None:
    with transaction.atomic():
        row = FindingMail.objects.filter(pk=mail.pk)
        row.update(sent_at=now, doubted_at=None, claimed_at=None, problem="")
        _told(mail, now)


def _doubt(mail: FindingMail, now: datetime) -> None:
    """Note that nobody can know whether it arrived; it is told no second time by another mail."""
    with transaction.atomic():
        row = FindingMail.objects.filter(pk=mail.pk, sent_at=None)
        if row.update(doubted_at=now, claimed_at=None):
            _told(mail, now)


def _told(mail: FindingMail, now: datetime) -> None:
    notices = FindingNotice.objects.filter(pk__in=mail.contents.get("notices", []))
    notices.update(told_at=now)


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
        problem=words_of(problem),
        attempts=mail.attempts + 1,
        retry_at=now + wait,
        claimed_at=None,
    )
