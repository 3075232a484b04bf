import json
import re
from pathlib import Path
from typing import Any

import pytest

from digest.channel_models import Chat
from digest.chat_formats import FORMATS
from digest.chat_markdown import markdown
from digest.chat_slack import literal
from digest.chat_text import Told, cut, width
from tests.digest.letters import ATTACK, LINK, SHIP, make_letter, told

LONG = "An endless sentence about the very long checkout 👩‍👩‍👧‍👦 & <its> *stars* @here. " * 90


def made(chat: str, what: Told) -> dict[str, Any]:
    return FORMATS[chat].make(what)


def texts(value: Any) -> list[str]:
    """Return every text in a message that people would see."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for key, part in value.items() if key != "type" for one in texts(part)]
    return [one for part in value for one in texts(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("chat", Chat.values)
class TestEveryChat:
    def test_is_told_the_news_its_numbers_and_a_quote(self, chat):
        said = " ".join(texts(made(chat, told())))

        for words in ("One-page checkout lifted conversion", "Two ships", "Paying takes for ever"):
            assert words in said.replace("\\", "")

    def test_is_given_the_links(self, chat):
        said = json.dumps(made(chat, told()))

        assert LINK in said
        assert SHIP in said

    def test_sees_that_a_test_is_one(self, chat):
        said = texts(made(chat, Told(make_letter(), LINK, is_test=True)))

        assert any(one.startswith("Test: ") for one in said)

    def test_never_reads_at_sign_names_as_calls(self, chat):
        made_of = made(chat, told(quote=ATTACK, title=ATTACK))

        for one in texts(made_of):
            if chat in (Chat.MATTERMOST, Chat.DISCORD):
                assert not re.search(r"@(everyone|here|channel|all)", one)
            assert "<!" not in one or chat in (Chat.TEAMS, Chat.DISCORD, Chat.MATTERMOST)

    def test_gets_a_message_even_of_the_longest_digest(self, chat):
        long = told(quote=LONG, title=LONG, many=60)

        assert LINK in json.dumps(made(chat, long))

    def test_says_nothing_empty_of_an_empty_week(self, chat):
        letter = make_letter(many=0)
        said = made(chat, Told(letter, LINK))

        assert "What it taught" in " ".join(texts(said)) or letter.sections[0].items == ()
        assert "" not in texts({key: part for key, part in said.items() if key != "fields"})

    def test_is_documented(self, chat):
        assert f"| {Chat(chat).label} |" in Path("docs/digest-archive.md").read_text()

    def test_says_how_much_is_left_out(self, chat):
        assert "Three more things learned" in " ".join(texts(made(chat, told())))


class TestSlack:
    def test_escapes_the_three_signs_it_knows(self):
        assert literal("<!channel> & co") == "&lt;!channel&gt; &amp; co"

    def test_makes_links_of_nothing_but_its_own(self):
        blocks = made(Chat.SLACK, told(quote=ATTACK, title=ATTACK))["blocks"]

        written = [b["text"] for b in blocks if b["type"] == "section"]
        assert all(text["verbatim"] for text in written)
        tags = [tag for text in written for tag in re.findall(r"<([^>]*)>", text["text"])]
        assert tags
        assert all(tag.startswith("https://wake.example.com/") for tag in tags)
        assert all(tag.count("|") == 1 for tag in tags)

    def test_shows_headers_as_plain_text(self):
        head = made(Chat.SLACK, told())["blocks"][0]

        assert (head["type"], head["text"]["type"]) == ("header", "plain_text")

    def test_stays_within_its_limits(self):
        message = made(Chat.SLACK, told(quote=LONG, title=LONG, many=60))

        assert len(message["blocks"]) <= 50
        assert width(json.dumps(message, ensure_ascii=False)) <= 12_000
        for block in message["blocks"]:
            if block["type"] == "header":
                assert 1 <= width(block["text"]["text"]) <= 150
            if block["type"] == "section":
                assert 1 <= width(block["text"]["text"]) <= 3_000

    def test_keeps_an_escape_whole_where_a_text_is_cut(self):
        shown = cut("&" * 100, 52, literal)

        assert width(shown) <= 52
        assert re.fullmatch(r"(&amp;)+…", shown)

    def test_says_the_news_where_blocks_are_not_shown(self):
        assert "One-page checkout" in made(Chat.SLACK, told())["text"]


class TestMattermost:
    def test_escapes_markdown(self):
        assert markdown("**bold** [a](b)") == r"\*\*bold\*\* \[a\]\(b\)"

    def test_makes_no_links_emojis_or_lists_of_what_customers_wrote(self):
        shown = markdown("http://evil.example :tada: www.evil.example")

        assert not re.search(r"http://|:tada:|www\.", shown)
        assert markdown("1. first").startswith("\u200b")
        assert markdown("- dash").startswith("\u200b")

    def test_colours_a_section_by_its_verdict(self):
        parts = made(Chat.MATTERMOST, told())["attachments"]

        assert parts[1]["color"] == "#1a7f4b"

    def test_has_a_fallback_for_each_part(self):
        assert all(part["fallback"] for part in made(Chat.MATTERMOST, told())["attachments"])

    def test_fits_into_what_older_servers_keep(self):
        message = made(Chat.MATTERMOST, told(quote=LONG, title=LONG, many=60))

        assert width(json.dumps(message, ensure_ascii=False)) <= 8_000


class TestTeams:
    def test_is_a_message_with_an_adaptive_card(self):
        message = made(Chat.TEAMS, told())

        assert message["type"] == "message"
        part = message["attachments"][0]
        assert part["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert (part["content"]["type"], part["content"]["version"]) == ("AdaptiveCard", "1.4")

    def test_writes_in_elements_that_know_no_markdown(self):
        def kinds(value: Any) -> set[str]:
            if isinstance(value, dict):
                mine = {value["type"]} if isinstance(value.get("type"), str) else set()
                return mine.union(*map(kinds, value.values()))
            return set().union(*map(kinds, value)) if isinstance(value, list) else set()

        found = kinds(made(Chat.TEAMS, told(quote=ATTACK))["attachments"][0]["content"])
        assert found == {
            "AdaptiveCard", "RichTextBlock", "TextRun", "Container", "Action.OpenUrl",
        }  # fmt: skip

    def test_calls_nobody(self):
        card = made(Chat.TEAMS, told(quote=ATTACK))["attachments"][0]["content"]

        assert "entities" not in card["msteams"]

    def test_stays_well_under_28_kilobytes(self):
        message = made(Chat.TEAMS, told(quote=LONG, title=LONG, many=60))

        assert len(json.dumps(message).encode()) <= 20_000


class TestDiscord:
    def test_allows_no_mention_at_all(self):
        assert made(Chat.DISCORD, told())["allowed_mentions"] == {"parse": []}

    def test_stays_within_the_limits_of_an_embed(self):
        embed = made(Chat.DISCORD, told(quote=LONG, title=LONG, many=60))["embeds"][0]

        assert 1 <= width(embed["title"]) <= 256
        assert width(embed["description"]) <= 4_096
        assert 1 <= len(embed["fields"]) <= 25
        for field in embed["fields"]:
            assert 1 <= width(field["name"]) <= 256
            assert 1 <= width(field["value"]) <= 1_024
        all_of_it = [embed["title"], embed["description"], embed["footer"]["text"]]
        all_of_it += [text for field in embed["fields"] for text in field.values()]
        assert sum(map(width, all_of_it)) <= 6_000

    def test_puts_all_of_an_ordinary_section_into_one_field(self):
        fields = made(Chat.DISCORD, told())["embeds"][0]["fields"]

        assert [field["name"] for field in fields] == ["What it taught", "In customers’ words"]


class TestCut:
    def test_leaves_a_short_text_alone(self):
        assert cut("Paying works", 40) == "Paying works"

    def test_puts_everything_on_one_line(self):
        assert cut("Paying\n\n> works", 40) == "Paying > works"

    @pytest.mark.parametrize("most", [0, 1, 2, 3, 10, 100])
    def test_never_passes_its_limit(self, most):
        assert width(cut(LONG, most, markdown)) <= most
