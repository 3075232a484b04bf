"""Sends replies that a person has let go: by mail, or by the place where the customer spoke."""

import logging
import smtplib
import socket
from datetime import datetime
from email.utils import formataddr, parseaddr

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from common.claims import stale_before
from common.hosts import CannotReach
from common.mail import UnfoldedMail
from common.places import ConnectionFault
from deployments.models import DeploymentStatus
from feedback.connectors.base import Answer
from feedback.connectors.registry import CONNECTORS
from feedback.gather import problem_in
from feedback.handling import move_to
from feedback.mail.noise import WAKE_HEADER
from feedback.models import FeedbackEvent, FeedbackItem, Status
from feedback.threads import answer_id
from learning.models import Reply
from learning.reply_ways import NoWay, Way, addresses_of_team, sound_ids, way_of

logger = logging.getLogger(__name__)

UNSURE = "It may or may not have arrived: look before you send it again."
_GONE = "The ship is not live any more, so this was not sent."


def to_send() -> "QuerySet[Reply]":
    """Return the replies that were let go and that no worker has taken yet."""
    found: QuerySet[Reply] = Reply.objects.filter(state=Reply.State.SENDING, claimed_at=None)
    return found


def claim(reply: Reply, *, now: datetime) -> bool:
    """Return True if this worker, and no other, is to send the reply."""
    # The UPDATE is the lock: whoever changes the row has won it.
    return to_send().filter(pk=reply.pk).update(claimed_at=now) == 1


def ask_about_stale(*, now: datetime) -> int:
    """Leave to a person what a worker died over; return how many that are.

    Neither a mail server nor a tracker refuses a second message because it has the first one, so
    sending again by itself could tell a customer twice.
    """
    left = Reply.objects.filter(state=Reply.State.SENDING, claimed_at__lt=stale_before(now))
    problem = f"Wake stopped while it was sending this. {UNSURE}"
    return left.update(state=Reply.State.FAILED, claimed_at=None, problem=problem)


def send(reply: Reply, *, now: datetime) -> bool:
    """Send a reply that this worker has claimed; return True if it went out.

    If not, why and the mend are kept on it for a person, who may send it again.
    """
    if reply.deployment.status != DeploymentStatus.SUCCEEDED:
        return _failed(reply, _GONE)
    try:
        way = way_of(reply)
        sent_as = _give(reply, way)
    except NoWay as why:
        return _failed(reply, str(why))
    except smtplib.SMTPRecipientsRefused as refusal:
        return _failed(reply, f"The mail server does not take this address: {_said(refusal)}")
    except AnymailRecipientsRefused:
        return _failed(reply, "The mail provider does not take this address.")
    except smtplib.SMTPAuthenticationError:
        return _failed(reply, "The mail server refused Wake’s password. Check EMAIL_URL.")
    except smtplib.SMTPResponseException as refusal:
        return _failed(reply, f"The mail server refused it: {_said(refusal)}")
    except ConnectionFault as fault:
        return _failed(reply, _hidden(reply, fault))
    except (ConnectionRefusedError, socket.gaierror):
        return _failed(reply, "The mail server cannot be reached. Check EMAIL_URL.")
    except (CannotReach, OSError, smtplib.SMTPException) as problem:
        return _failed(reply, f"{_hidden(reply, problem)} {UNSURE}")
    except Exception as error:
        logger.error("Reply %s could not be sent: %s.", reply.pk, type(error).__name__)
        return _failed(reply, f"Wake failed here ({type(error).__name__}). {UNSURE}")
    _note_sent(reply, way, sent_as, now)
    return True


def _failed(reply: Reply, problem: str) -> bool:
    Reply.objects.filter(
        pk=reply.pk, state=Reply.State.SENDING, claimed_at=reply.claimed_at
    ).update(state=Reply.State.FAILED, claimed_at=None, problem=problem[:1_000])
    return False


def _said(refusal: smtplib.SMTPException) -> str:
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(refusal.recipients.values()), (0, b""))
    else:
        code, words = getattr(refusal, "smtp_code", 0), getattr(refusal, "smtp_error", b"")
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return f"{code} {' '.join(text.split())[:300]}"


def _hidden(reply: Reply, problem: Exception) -> str:
    connection = reply.feedback.connection
    if connection and isinstance(problem, ConnectionFault | CannotReach):
        return problem_in(connection, problem)
    return f"The mail server did not answer as it should ({type(problem).__name__})."


def _give(reply: Reply, way: Way) -> str:
    """Hand the reply over, and return what the channel calls it."""
    item = reply.feedback
    message_id = answer_id(item, reply.deployment_id)
    if way.connection is None:
        mail_of(reply, way, message_id).send()
        return message_id
    give = CONNECTORS[way.connection.kind].answer
    assert give is not None
    return give(
        Answer(
            text=reply.text,
            answer_to=item.answer_to,
            options=way.connection.options,
            secrets=way.connection.secrets,
            message_id=message_id,
            private_hosts=tuple(settings.ALLOW_PRIVATE_HOSTS),
        )
    )


def mail_of(reply: Reply, way: Way, message_id: str) -> UnfoldedMail:
    """Return the reply as a mail in the customer's own conversation (RFC 5322, 3.6.4)."""
    item, team = reply.feedback, reply.project.name
    answered, thread = sound_ids(item)
    headers = {"Message-ID": f"<{message_id}>", WAKE_HEADER: "answer"}
    if answered:
        headers["In-Reply-To"] = f"<{answered}>"
        headers["References"] = " ".join(f"<{one}>" for one in thread)
    topic = _line(str(item.answer_to.get("subject") or ""))
    subject = f"Re: {topic}" if topic else f"What you wrote to {_line(team)}"
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return UnfoldedMail(
        subject[:200],
        reply.text,
        from_email=formataddr((_line(team), sender)),
        to=[formataddr((_line(way.name), way.to))],
        reply_to=addresses_of_team(reply.project)[:1],
        headers=headers,
    )


def _line(text: str) -> str:
    """Return a text that fits into a header: one line, whatever strangers put into it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:150]


def _note_sent(reply: Reply, way: Way, sent_as: str, now: datetime) -> None:
    item = reply.feedback
    with transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(
            state=Reply.State.SENT, sent_at=now, channel=way.channel, sent_as=sent_as[:500],
            problem="",
        )  # fmt: skip
        FeedbackItem.objects.filter(pk=item.pk).update(reply_text=reply.text, replied_at=now)
        if item.status != Status.CLOSED:
            _answered(item, reply, now)
        FeedbackEvent.objects.create(
            feedback=item,
            kind=FeedbackEvent.Kind.ANSWERED,
            by=reply.sent_by,
            happened_at=now,
            text=reply.text,
            details={"ship": reply.deployment_id, "reply": reply.pk, "channel": way.channel},
        )


def _answered(item: FeedbackItem, reply: Reply, now: datetime) -> None:
    if reply.sent_by is not None:
        move_to(item, Status.ANSWERED, by=reply.sent_by, now=now)
    else:
        FeedbackItem.objects.filter(pk=item.pk).update(status=Status.ANSWERED)
