"""Taking out of a text what nobody should keep: card numbers and passwords. Pure.

A card number has 13 to 19 digits, begins as those of the large schemes do, and its check digit is
right (ISO/IEC 7812-1, the Luhn algorithm). Only one in ten other long numbers passes that check.
"""

import re

CARD = "(card number removed)"
PASSWORD = "(removed)"  # noqa: S105  # what stands in its place
_DIGIT = re.compile(r"\d")
_LONG_NUMBER = re.compile(r"(?<![\w.])[3-6]\d{3}(?:[ -]?\d){9,15}(?!\w)")
_PASSWORD = re.compile(
    r"\b(pass ?word|passwort|passwd|pwd|passcode|contraseña|mot de passe|senha|wachtwoord)"
    r"(\s*[:=]\s*)(?=\S*\d)(\S{4,64})",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return `text` without card numbers, and without what follows "password:"."""
    if not _DIGIT.search(text):
        return text
    text = _LONG_NUMBER.sub(lambda found: CARD if is_card(found[0]) else found[0], text)
    return _PASSWORD.sub(rf"\1\2{PASSWORD}", text)


def is_card(number: str) -> bool:
    """Return True if the digits of `number` end in the check digit of a card number."""
    digits = [int(one) for one in number if one.isdigit()]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
