"""Letters to write to chats: an ordinary one, one that is far too long, and one by an attacker."""

from digest.chat_text import Told
from digest.parts import Item, Letter, Pace, Section

LINK = "https://wake.example.com/p/shop/digest/archive/7/"
SHIP = "https://wake.example.com/p/shop/deployments/3/"
# What each chat would make of it: mentions, links, formats, emojis.
ATTACK = (
    "<!channel> <!here> <@U123> <https://evil.example|click> @everyone @here @channel @all "
    "<@&99> [click](https://evil.example) **bold** _it_ `code` ~~x~~ ||y|| :tada: & \\ > "
    "http://evil.example {{DATE(2017-02-14T06:08:00Z, SHORT)}} <at>Ada</at> www.evil.example"
)


def make_letter(*, quote: str = "Paying takes for ever", many: int = 1, title: str = "") -> Letter:
    lessons = tuple(
        Item(
            title or f"One-page checkout works {n}",
            SHIP,
            word="Supported",
            tone="supported",
            lines=("It rose by about 4% (between +2% and +6%).",),
            note="Confirmed by Ada",
        )
        for n in range(many)
    )
    voices = tuple(
        Item(quote, SHIP, tone="bad", note="1 of 5, App Store") for _ in range(min(many, 3))
    )
    return Letter(
        project="Shop",
        headline="One-page checkout lifted conversion.",
        period="16 to 23 March 2026",
        summary="Two ships (one the week before), nine things said by customers (none before).",
        paces=(Pace("to first feedback", "3 h", "from 5 h", "better"),),
        pace_note="Median of the last twelve weeks.",
        sections=(
            Section("What it taught", lessons, 3, "thing", "learned", LINK, "lessons"),
            Section("In customers’ words", voices, 6, "thing", "said", LINK, "voices"),
        ),
        home_url="https://wake.example.com/p/shop/",
        why="",
        settings_url="",
        unsubscribe_url="",
    )


def told(**facts) -> Told:
    return Told(make_letter(**facts), LINK)
