"""How somebody who is new to Wake gets in: by mail, with a link to choose a password."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Project, User


def invitation_link(user: User) -> str:
    """Return the address at which `user` may choose a password, once and for some days."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])
    return f"{settings.BASE_URL}{path}"


def send_invitation(user: User, *, project: Project, by: User) -> None:
    """Mail `user` the way in; raises OSError (SMTPException among them) if mail cannot leave."""
    text = render_to_string(
        "accounts/invitation.txt",
        {"user": user, "project": project, "by": by, "link": invitation_link(user)},
    )
    send_mail(
        # A name with a line break in it must not become a mail header.
        " ".join(f"{by} invites you to {project} in Wake".split()),
        text,
        None,
        [user.email],
    )
