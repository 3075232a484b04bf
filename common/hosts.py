"""Which hosts Wake may call.

An address that people may enter could name a machine inside the network, or a name that resolves
to one only after it was checked. So the check is made on the address that is then connected to.
"""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# IPv6 addresses that carry an IPv4 address along in their last 32 bits.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class CannotReach(Exception):
    """There was no answer; the text says why."""


class NotAllowed(CannotReach):
    """The address is one that Wake does not call."""


def read_address(url: str) -> str:
    """Return the host that `url` names; raises NotAllowed if it is no plain web address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotAllowed("This is not a web address.") from None
    if not url.isascii() or any(c.isspace() or ord(c) < 32 for c in url):
        raise NotAllowed("The address has characters that an address cannot have.")
    if parts.scheme not in ("http", "https") or not host:
        raise NotAllowed("The address must begin with https:// or http:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("The address must not contain a user name or a password.")
    return host


def addresses_of(host: str, port: int, private_hosts: Sequence[str]) -> list[str]:
    """Return the addresses that `host` has now; raises NotAllowed if one must not be called."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CannotReach(f"The name {host[:100]} is not known.") from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in addresses:
        if not is_public(address) and not _is_listed(host, address, private_hosts):
            raise NotAllowed(
                f"{host[:100]} is inside the own network, where Wake calls nobody; "
                "whoever runs Wake can allow it with ALLOW_PRIVATE_HOSTS."
            )
    return addresses


def is_public(address: str) -> bool:
    """Return True if the address is one of the open internet, however it is written."""
    try:
        return all(ip.is_global and not ip.is_multicast for ip in _meant(address))
    except ValueError:
        return False


def _meant(address: str) -> list[IpAddress]:
    """Return the address, with the IPv4 address that an IPv6 one may carry along."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    carried: list[IpAddress] = [part for part in (ip.sixtofour, *(ip.teredo or ())) if part]
    if ip in _NAT64:
        carried.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [ip, *carried]


def _is_listed(host: str, address: str, private_hosts: Sequence[str]) -> bool:
    ip = _meant(address)[0]
    for listed in private_hosts:
        if listed == "*" or listed.lower() == host.lower():
            return True
        try:
            if ip in ipaddress.ip_network(listed, strict=False):
                return True
        except ValueError:
            continue  # a name
    return False
