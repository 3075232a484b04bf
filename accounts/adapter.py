"""How sign-in behaves."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """allauth's behaviour, with sign-up closed unless OPEN_SIGN_UP says otherwise."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return True if anyone may make an account."""
        return bool(settings.OPEN_SIGN_UP)
