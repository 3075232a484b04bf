"""What somebody wrote themselves in a mail: without what it quotes, and without signatures. Pure.

Both libraries for this that are alive can be kept busy for minutes by one mail made for it, and
read fewer of the real mails rightly; docs/connectors.md has the figures. This reads each line a
fixed number of times, whatever is in it.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from feedback.mail.phrases import CLOSINGS, FROM, ORIGINAL, OTHER_HEADERS, SENT_FROM, WROTE

MAX_LINES = 5_000
MAX_LINE = 2_000  # characters of a line that are looked at
LEAD_LINES = 4  # a line that leads into a quote is wrapped into so many at most
SIGNATURE_LINES, SIGNATURE_WIDTH = 15, 80
_HEADER = re.compile(r"^[>*_ \t]{0,9}([^\W\d][^:：*]{0,24}?)[*_ \t]{0,3}[:：]")
_RULE = re.compile(r"^[-_=*~—–]{2,200}$")
_LONG_RULE = re.compile(r"^[-_=*]{8,200}$")
_DATED = re.compile(r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_CONTACT = re.compile(r"@|https?://|www\.|\+?\d[\d ()/.-]{6,20}\d")
_SIGNED = re.compile(r"^[-–—] ?[^\W\d_][\w.'’-]{1,20}(?: [^\W\d_][\w.'’-]{0,20}){0,2}$")
_LEAD_BEGINS = re.compile(
    r"[-*_ ]{0,9}(?:\d|(?:on|am|le|el|il|em|op|den|dne|dnia|w dniu|på|at|în|a|в|вт|пн|ср|чт|пт|сб"
    r"|вс)\b|在|于)",
    re.IGNORECASE,
)
_ODD = {ord("\r"): None, ord("\xa0"): " ", ord("\u200b"): None, ord("\ufeff"): None}
_NAMES_FROM = frozenset(FROM)
_NAMES = _NAMES_FROM | frozenset(OTHER_HEADERS)
_CLOSINGS = frozenset(CLOSINGS)


def own_words(text: str, *, sender: str = "", is_reply: bool = False) -> str:
    """Return what the writer of a mail added: no quotes, no signature.

    `sender` is their name, by which a signature is known. Of a mail that holds nothing else, such
    as one that was only passed on, all of it is returned.
    """
    lines = [line.rstrip() for line in text.translate(_ODD).split("\n")[:MAX_LINES]]
    kept = _without_signature(_without_quotes(lines, is_reply), sender.strip().lower())
    words = _joined(kept)
    return words or _joined([line.lstrip("> ") for line in lines])


def _joined(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_quotes(lines: list[str], is_reply: bool) -> list[str]:
    kept: list[str] = []
    seen_lead = False
    at = 0
    while at < len(lines):
        line = lines[at][:MAX_LINE]
        if line.lstrip().startswith(">"):
            run = len(list(takewhile(lambda one: one.lstrip().startswith(">"), lines[at:])))
            # A single one in a first mail may well be "> 100 rows".
            if not (is_reply or seen_lead or run > 1 or line.lstrip().startswith(">>")):
                kept.append(lines[at])
            at += run
            continue
        if _is_original(line) or _begins_headers(lines, at):
            break
        length, is_marked = _lead(lines, at)
        if length:
            seen_lead = True
            if not is_marked:
                break
            at += length
            continue
        kept.append(lines[at])
        at += 1
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1].strip())):
        # The rule above the quote; but the mark of a signature is needed further down.
        if kept[-1].strip() in ("--", "__"):
            break
        kept.pop()
    return kept


def _is_original(line: str) -> bool:
    bare = line.strip("-_*=>:： \t").lower()
    marked = line.lstrip("> \t").startswith(("-", "_", "*", "="))
    return bare in ORIGINAL_LINES and (marked or line.rstrip().endswith((":", "：")))


ORIGINAL_LINES = frozenset((*ORIGINAL, *(f"begin {one}" for one in ORIGINAL)))


def _begins_headers(lines: Sequence[str], at: int) -> bool:
    """Outlook quotes without marks, under two to six lines such as "From:" and "Sent:"."""
    names: list[str] = []
    for line in lines[at : at + 6]:
        found = _HEADER.match(line[:MAX_LINE])
        if not found or (name := found[1].strip().lower()) not in _NAMES:
            # A long list of recipients runs on in the next line.
            if names and line.startswith((" ", "\t")) and line.strip():
                continue
            break
        names.append(name)
    return len(set(names)) >= 3 or (len(set(names)) == 2 and bool(_NAMES_FROM & set(names)))


def _lead(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """Return over how many lines the words that lead into a quote run (0: they are none).

    The second value is whether the quote is marked by ">", so that what follows it is not part.
    """
    length, is_marked = _lead_from(lines, at)
    if length < 2:
        return length, is_marked
    # "It works.\nOn Monday, Ada wrote:" begins in its second line.
    for later in range(at + 1, at + length):
        begins = _LEAD_BEGINS.match(lines[later].strip())
        if (begins or not _LEAD_BEGINS.match(lines[at].strip())) and _lead_from(lines, later)[0]:
            return 0, False
    return length, is_marked


def _lead_from(lines: Sequence[str], at: int) -> tuple[int, bool]:
    joined = ""
    for length in range(1, LEAD_LINES + 1):
        if at + length > len(lines) or not (line := lines[at + length - 1][:MAX_LINE].strip()):
            return 0, False
        joined = f"{joined} {line}".strip()
        if joined.rstrip("- ").endswith((":", "：")):
            break
    else:
        return 0, False
    if len(joined) > 400:
        return 0, False
    after = [line for line in lines[at + length : at + length + 6] if line.strip()][:1]
    is_marked = bool(after) and after[0].lstrip().startswith(">")
    says_wrote = any(verb in joined.lower()[-120:] for verb in WROTE)
    tells_who = "@" in joined or bool(_DATED.search(joined))
    if (says_wrote and (tells_who or is_marked)) or (is_marked and "@" in joined):
        return length, is_marked
    return 0, False


def _without_signature(lines: list[str], sender: str) -> list[str]:
    end = next((i for i, line in enumerate(lines) if line.strip() in ("--", "__", "—")), len(lines))
    kept = [line for i, line in enumerate(lines[:end]) if not _is_sent_from(lines[:end], i)]
    kept = _trimmed(kept)
    for cut in (_cut_footer, _cut_closing, _cut_name):
        kept = _trimmed(cut(kept, sender))
    return kept


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _is_sent_from(lines: Sequence[str], at: int) -> bool:
    line = lines[at].strip().lower()
    apart = at == 0 or not lines[at - 1].strip()
    ends = at + 1 == len(lines) or not lines[at + 1].strip()
    is_sentence = line.endswith(".") or "," in line
    return apart and ends and len(line) <= 60 and not is_sentence and line.startswith(SENT_FROM)


def _tail(lines: Sequence[str]) -> int:
    """Return where the last few lines begin, in which a signature can be."""
    return max(1, len(lines) - SIGNATURE_LINES - 5)


def _is_signature(lines: Sequence[str], *, least: int = 0) -> bool:
    said = [line for line in lines if line.strip()]
    short = all(len(line) <= SIGNATURE_WIDTH for line in said)
    return least <= len(said) <= SIGNATURE_LINES and short


def _cut_footer(lines: list[str], _sender: str) -> list[str]:
    """Mailing lists and companies put their lines under a rule."""
    for at in range(_tail(lines), len(lines)):
        under = lines[at + 1 :]
        is_ruled = _LONG_RULE.match(lines[at].strip()) and _is_signature(under, least=1)
        if is_ruled and any(_CONTACT.search(line) for line in under):
            return lines[:at]
    return lines


def _cut_closing(lines: list[str], _sender: str) -> list[str]:
    for at in range(_tail(lines), len(lines)):
        bare = lines[at].strip().rstrip(",.!;-–— ").lower()
        if bare in _CLOSINGS and _is_signature(lines[at + 1 :]) and len(lines) - at <= 12:
            return lines[:at]
    return lines


def _cut_name(lines: list[str], sender: str) -> list[str]:
    """A last paragraph that is "-Ada", or that begins with the sender's own name."""
    first = sender.split(" ")[0]
    for at in range(_tail(lines), len(lines)):
        if lines[at - 1].strip():
            continue
        line = lines[at].strip()
        is_last = at == len(lines) - 1
        signed = is_last and bool(_SIGNED.match(line))
        named = line.lower().strip("-–—, ") in {sender, first} - {""}
        if (signed or named) and _is_signature(lines[at + 1 :]) and len(lines) - at <= 10:
            return lines[:at]
    return lines
