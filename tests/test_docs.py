"""The docs name what there is, and what they name exists."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from config.env import env

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
OUR_COMMANDS = sorted(
    path.stem for path in ROOT.glob("*/management/commands/*.py") if path.stem != "__init__"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"manage\.py ([a-z_]+)([^\n`|)]*)")
MAKE = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


class TestTheDocs:
    @pytest.mark.parametrize("setting", sorted(env.declared))
    def test_explain_every_setting(self, setting):
        assert f"\n| `{setting}` | " in (ROOT / "docs/settings.md").read_text()

    def test_explain_no_setting_that_is_gone(self):
        table = (ROOT / "docs/settings.md").read_text().split("These steer `make run`")[0]

        assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == set(env.declared)

    @pytest.mark.parametrize("command", OUR_COMMANDS)
    def test_list_every_command(self, command):
        assert f"| `{command}` | " in (ROOT / "docs/index.md").read_text()

    @pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")), ids=name_of)
    def test_list_every_page(self, page):
        assert page.name == "index.md" or f"({page.name})" in (ROOT / "docs/index.md").read_text()

    @pytest.mark.parametrize("command", ["make run", "make test"])
    def test_begin_with_the_two_commands(self, command):
        assert command in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
class TestAPage:
    def test_links_only_to_what_is_there(self, page):
        broken = []
        for target in LINK.findall(page.read_text()):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, fragment = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            anchors = HEADING.findall(linked.read_text()) if linked.suffix == ".md" else []
            if not linked.exists() or (fragment and fragment not in map(anchor, anchors)):
                broken.append(target)

        assert broken == []

    def test_names_only_commands_that_exist(self, page):
        called = {name for name, _ in CALL.findall(page.read_text())}

        assert called - set(get_commands()) == set()

    def test_calls_our_commands_with_options_they_have(self, page):
        wrong = []
        for _, block in FENCE.findall(page.read_text()):
            for name, rest in CALL.findall(block.replace("\\\n", " ")):
                if name in OUR_COMMANDS:
                    parser = load_command_class(get_commands()[name], name).create_parser("", name)
                    known = parser._option_string_actions
                    words = shlex.split(rest.split("#")[0], posix=False)
                    options = [word.split("=")[0] for word in words if word.startswith("--")]
                    wrong += [f"{name} {option}" for option in options if option not in known]

        assert wrong == []

    def test_names_only_make_targets_that_exist(self, page):
        makefile = (ROOT / "Makefile").read_text()
        code = "\n".join(block for _, block in FENCE.findall(page.read_text()))
        inline = "\n".join(re.findall(r"`make [a-z-]+[^`]*`", page.read_text()))

        named = set(MAKE.findall(code)) | set(MAKE.findall(inline))
        assert {target for target in named if f"\n{target}:" not in makefile} == set()

    def test_says_nothing_of_the_machine_it_was_written_on(self, page):
        text = page.read_text()

        assert "/work/" not in text
        assert "/root/" not in text
