"""API keys as DRF wants to be told of them."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY` makes `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Return the key that was shown, None if none was; a wrong one is refused."""
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            key = ApiKey.objects.find(shown.strip())
        except ApiKey.DoesNotExist:
            raise AuthenticationFailed("This API key is unknown or revoked.") from None
        now = timezone.now()
        if key.expiry_date and key.expiry_date < now:
            raise AuthenticationFailed("This API key has expired.")
        key.note_use(now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 answer names as the way in."""
        return 'Bearer realm="Wake"'


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Tells the API's docs page about the key."""

    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return OpenAPI's words for a Bearer token."""
        return {"type": "http", "scheme": "bearer"}
