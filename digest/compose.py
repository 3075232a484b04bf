"""Makes the mail: a week in review, set as text and as HTML for one reader."""

import re
from dataclasses import dataclass

import css_inline
from django.template.loader import render_to_string

from accounts.models import Project
from common.mail import host
from dashboard.week import WeekInReview
from dashboard.week_voices import shortened
from digest.charts import MailChart, charts_in
from digest.letter import write_letter
from digest.parts import Letter, Reader
from digest.plain import as_text

LONGEST_SUBJECT = 110

_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """What is sent: the news as its subject, and the same week twice."""

    subject: str
    text: str
    html: str
    charts: tuple[MailChart, ...] = ()  # that the HTML shows by their Content-IDs, undrawn


def compose(project: Project, review: WeekInReview, reader: Reader) -> Mail:
    """Return the digest of the week for this reader; fetches nothing, writes nothing."""
    letter = write_letter(project, review, reader)
    return Mail(
        subject=subject_of(review.headline, project.name),
        text=as_text(letter),
        html=as_html(letter),
        charts=charts_in(letter, review),
    )


def as_html(letter: Letter) -> str:
    """Return the letter as the HTML of a mail, with its style in its elements."""
    page = render_to_string("emails/digest.html", {"letter": letter, "host": host()})
    return _inliner.inline(re.sub(r"\n\s*", "\n", page))


def subject_of(headline: str, project: str) -> str:
    """Return the news, then whose it is: a phone shows only the first words."""
    news = shortened(headline, LONGEST_SUBJECT).rstrip(".")
    return f"{news} · {shortened(project, 40)}"
