"""Where a call comes from."""

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the network address of the caller behind TRUSTED_PROXIES, or "" if none is known.

    An IPv6 address is cut to the network of its household, which has more of them than anybody
    can count.
    """
    try:
        address = get_adapter().get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return ""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((address, 64), strict=False))
