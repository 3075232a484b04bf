"""Links in mails that say what a finding was worth, without signing in.

The link holds the key of a notice, signed with SECRET_KEY: it says whose answer it is, opens
nothing else, and ends after TOO_OLD.
"""

from datetime import timedelta

from django.core import signing

from learning.findings_people import able
from learning.models import FindingNotice

TOO_OLD = timedelta(days=90)
_SALT = "what a finding was worth"


def token_of(notice: FindingNotice) -> str:
    """Return the part of the link that nobody can guess."""
    return signing.dumps(notice.pk, salt=_SALT)


def notice_of(token: str) -> FindingNotice | None:
    """Return whose answer the link takes; None for a wrong or old one, or if they left the team."""
    try:
        pk = signing.loads(token, salt=_SALT, max_age=TOO_OLD)
    except signing.BadSignature:
        return None
    notices = FindingNotice.objects.select_related(
        "finding__project", "finding__deployment", "user"
    )
    notice = notices.filter(pk=pk).first()
    if notice is None or not able(notice.finding.project).filter(pk=notice.user_id).exists():
        return None
    return notice
