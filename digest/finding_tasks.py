"""The bell for mails at once."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from digest.findings import note_finding_mails
from digest.findings_sending import send_finding_mail, try_later
from digest.models import FindingMail

logger = logging.getLogger(__name__)


@shared_task
def send_due_finding_mails(**_: Any) -> None:
    """Write down which mails are to leave, and let a worker look at each that is due."""
    now = timezone.now()
    note_finding_mails(now=now)
    for key in FindingMail.objects.due(now).values_list("pk", flat=True):
        # The row is claimed by whoever sends it, so a call that is lost or doubled does no harm.
        send_one_finding_mail.apply_async(kwargs={"mail_id": key}, expires=60)


@shared_task
def send_one_finding_mail(*, mail_id: int, **_: Any) -> None:
    """Send one mail, if it is still due."""
    now = timezone.now()
    mail = FindingMail.objects.select_related("project", "user").filter(pk=mail_id).first()
    if mail is None:
        return
    try:
        send_finding_mail(mail, now=now)
    except Exception as error:
        logger.exception("The mail %s failed; it will be tried again.", mail)
        try_later(mail, error, now=now)
