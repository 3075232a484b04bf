"""Reading mails: charsets, HTML, quotes, signatures, and what is no feedback."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from feedback.connectors.imap import Fetched, quoted, unquoted
from feedback.connectors.mailbox import row_of
from feedback.mail.charsets import decoded, header_text
from feedback.mail.markup import text_of
from feedback.mail.message import read_mail
from feedback.mail.noise import why_noise
from feedback.mail.quotes import own_words

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
NESTED = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
HEAD = "From: Dana <dana@customer.example>\nSubject: Export\nMessage-ID: <a@b>\n"


def read(head: str = "", body: str | bytes = "It stops."):
    body = body.encode() if isinstance(body, str) else body
    return read_mail((HEAD + head + "\n").encode() + body, arrived_at=NOW)


class TestCharsets:
    @pytest.mark.parametrize(
        ("text", "really", "said"),
        [
            ("Größe", "utf-8", "utf-8"),
            ("Größe", "utf-8", "iso-8859-1"),  # it lies
            ("Größe", "utf-8", ""),
            ("Größe", "cp1252", "utf-8"),  # it lies the other way
            ("Größe", "iso-8859-1", "us-ascii"),
            ("Price: 5 €", "cp1252", "iso-8859-1"),  # what Windows calls Latin 1
            ("Экспорт не работает", "koi8-r", "koi8-r"),
            ("Экспорт не работает", "cp1251", "windows-1251"),
            ("導出失敗了", "big5", "big5"),
            ("导出失败了，请修复", "gb18030", "gb2312"),
            ("エクスポートが失敗します", "iso-2022-jp", "iso-2022-jp"),
            ("エクスポートが失敗します", "shift_jis", "Shift_JIS"),
            ("내보내기가 실패합니다", "euc-kr", "ks_c_5601-1987"),
            ("plain", "ascii", "x-unknown-17"),
            ("plain", "ascii", "zlib"),  # a codec of Python's that is no charset
        ],
    )
    def test_are_read_whatever_the_mail_says(self, text, really, said):
        assert decoded(text.encode(really), said) == text

    def test_are_guessed_from_the_letters_when_a_mail_names_none(self):
        text = "Здравствуйте, экспорт в таблицу перестал работать после обновления приложения."

        assert decoded(text.encode("koi8-r")) == text
        assert decoded(text.encode("cp1251")) == text

    def test_never_fail(self):
        for junk in (b"\xff\xfe\x00", bytes(range(256)), b"\x80" * 999):
            assert isinstance(decoded(junk, "utf-16"), str)

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
            ("=?koi8-r?B?8NLJ18XU?= =?koi8-r?B?IQ==?=", "Привет!"),
            ("=?iso-8859-1?q?Gr=C3=B6=C3=9Fe?=", "Größe"),  # it lies
            ("=?utf-8?b?broken", "=?utf-8?b?broken"),
            ("=?utf-8?b?a?=", None),
            ("=?no-such?q?a=20b?=", "a b"),
            ("one\r\n two", "one two"),
            ("a=?utf-8?q?=0D=0ABcc:_x?=", "a Bcc: x"),
        ],
    )
    def test_of_headers_are_read_too(self, raw, text):
        assert text is None or header_text(raw) == text
        assert "\n" not in header_text(raw)


class TestHtml:
    @pytest.mark.parametrize(
        ("markup", "text"),
        [
            ("<p>One</p><p>Two</p>", "One\n\nTwo"),
            ("One<br>Two", "One\nTwo"),
            ("<style>p {}</style><script>x</script>Hi", "Hi"),
            ("<head><title>T</title></head><body>Hi</body>", "Hi"),
            ("<ul><li>a<li>b</ul>", "- a\n- b"),
            ("a &lt; b &amp; c&nbsp;d", "a < b & c d"),
            ("if a < b then", "if a < b then"),
            ("<!-- <b>no</b> -->Hi<!--[if mso]>no<![endif]-->", "Hi"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("<blockquote>Said</blockquote>Mine", "> Said\n>\nMine"),
            ("<div>unclosed <b>bold", "unclosed bold"),
        ],
    )
    def test_is_read_as_a_person_sees_it(self, markup, text):
        assert text_of(markup) == text

    @pytest.mark.parametrize(
        "piece",
        ["<", "<!", "<!--", "<div>", "<blockquote>", "&", "<?", "<![CDATA[", "</", "<a x='"],
    )
    def test_is_read_in_no_time_however_it_is_made(self, piece):
        begun = time.monotonic()

        text_of(piece * (400_000 // len(piece)))

        assert time.monotonic() - begun < 5


LEADS = [
    "On Mon, Mar 16, 2026 at 4:19 PM Shop <support@shop.example> wrote:",
    "On Mon, Mar 16, 2026 at 4:19 PM Shop\n<support@shop.example> wrote:",
    "Am 16.03.2026 um 16:19 schrieb Shop <support@shop.example>:",
    "Am Mo., 16. März 2026 um 16:19 Uhr schrieb Shop\n<support@shop.example>:",
    "Le lun. 16 mars 2026 à 16:19, Shop <support@shop.example> a écrit :",
    "El lun, 16 mar 2026 a las 16:19, Shop (<support@shop.example>) escribió:",
    "Il giorno lun 16 mar 2026 alle ore 16:19 Shop <support@shop.example> ha scritto:",
    "Em seg., 16 de mar. de 2026 às 16:19, Shop <support@shop.example> escreveu:",
    "Op ma 16 mrt 2026 om 16:19 schreef Shop <support@shop.example>:",
    "Den mån 16 mars 2026 kl 16:19 skrev Shop <support@shop.example>:",
    "ma 16. maalisk. 2026 klo 16.19 Shop (support@shop.example) kirjoitti:",
    "pon., 16 mar 2026 o 16:19 Shop <support@shop.example> napisał(a):",
    "po 16. 3. 2026 v 16:19 odesílatel Shop <support@shop.example> napsal:",
    "пн, 16 мар. 2026 г. в 16:19, Shop <support@shop.example>:",
    "16.03.2026 16:19, Shop пишет:",
    "16 Mart 2026 Pzt 16:19 tarihinde Shop <support@shop.example> şunu yazdı:",
    "Shop <support@shop.example> 于2026年3月16日周一 16:19写道：",
    "2026年3月16日(月) 16:19 Shop <support@shop.example>:",
    "2026년 3월 16일 (월) 오후 4:19, Shop <support@shop.example>님이 작성:",
]  # fmt: skip
# Without a word for "wrote", only the marks below tell that these lead into a quote.
WITHOUT_VERB = (LEADS[13], LEADS[17])
HEADERS = [
    "From: Shop <support@shop.example>\nSent: March 16, 2026 4:19 PM\nTo: Dana\nSubject: Hi",
    "Von: Shop <support@shop.example>\nGesendet: 16. März 2026 16:19\nAn: Dana\nBetreff: Hi",
    "De : Shop <support@shop.example>\nEnvoyé : 16 mars 2026 16:19\nÀ : Dana\nObjet : Hi",
    "De: Shop <support@shop.example>\nEnviado: 16 de marzo de 2026 16:19\nPara: Dana\nAsunto: Hi",
    "Da: Shop <support@shop.example>\nInviato: 16 marzo 2026 16:19\nA: Dana\nOggetto: Hi",
    "Van: Shop <support@shop.example>\nVerzonden: 16 maart 2026 16:19\nAan: Dana\nOnderwerp: Hi",
    "От: Shop <support@shop.example>\nОтправлено: 16 марта 2026 г. 16:19\nКому: Dana\nТема: Hi",
    "-----Original Message-----\nShop said",
    "-----Ursprüngliche Nachricht-----\nShop said",
    "________________________________\nFrom: Shop <support@shop.example>\nSent: Monday\nTo: Dana",
]


class TestOwnWords:
    @pytest.mark.parametrize("lead", LEADS)
    def test_are_what_stands_above_a_quote(self, lead):
        assert own_words(f"It stops.\n\n{lead}\n\n> Try it\n> again\n") == "It stops."

    @pytest.mark.parametrize("lead", LEADS)
    def test_are_what_stands_below_a_quote(self, lead):
        assert own_words(f"{lead}\n> Try it\n> again\n\nIt stops.") == "It stops."

    @pytest.mark.parametrize("lead", [lead for lead in LEADS if lead not in WITHOUT_VERB])
    def test_are_what_stands_above_a_quote_without_marks(self, lead):
        assert own_words(f"It stops.\n\n{lead}\n\nTry it\nagain\n") == "It stops."

    @pytest.mark.parametrize("headers", HEADERS)
    def test_are_what_stands_above_the_headers_that_outlook_writes(self, headers):
        assert own_words(f"It stops.\n\n{headers}\n\nTry it again\n") == "It stops."

    @pytest.mark.parametrize(
        "ending",
        [
            "-- \nDana\n+49 30 123456", "Best regards,\nDana", "Mit freundlichen Grüßen\nDana",
            "Cordialement,\nDana", "Saludos,\nDana", "С уважением,\nДана", "Thanks!\nDana",
            "Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone",
            "Enviado desde mi iPhone", "Отправлено с iPhone", "iPhoneから送信", "-Dana",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Dana\nCEO, Customer Inc\nwww.customer.example",
            "_______________________________\nlist mailing list\nlist@lists.example",
        ],
    )  # fmt: skip
    def test_are_without_a_signature(self, ending):
        assert own_words(f"It stops.\n\n{ending}\n", sender="Dana Doe") == "It stops."

    @pytest.mark.parametrize(
        "text",
        [
            "It stops.\n\n> 100 rows is too many for it",
            "Steps:\n1. Open it\n2. Export\n\nError: it stops\nStatus: 500",
            "First part\n----\nSecond part that is much longer than any signature would ever be.",
            "Thanks, but it still stops.",
            "She wrote: it stops.",
            "Sent from my desk, it stops. It worked from my phone.",
            "-- this is no signature",
            "Why?\n- a\n- b\n- c",
        ],
    )
    def test_are_all_of_a_mail_that_quotes_nothing(self, text):
        assert own_words(text) == text

    def test_are_all_of_a_mail_that_is_only_passed_on(self):
        text = "---------- Forwarded message ----------\nFrom: A\nTo: B\nSubject: C\n\nIt stops."

        assert own_words(text).endswith("It stops.")

    @pytest.mark.parametrize(
        "piece",
        [
            "On ",
            "On Mon\n",
            "> a\n",
            "From: a\n",
            "a:\n",
            "-",
            " ",
            "-- \n",
            "On 2026 a@b wrote:\n",
        ],
    )
    def test_are_found_in_no_time_however_a_mail_is_made(self, piece):
        begun = time.monotonic()

        own_words(piece * (200_000 // len(piece)))

        assert time.monotonic() - begun < 5


class TestAMail:
    def test_says_who_wrote_it_even_with_raw_letters_and_commas(self):
        raw = "From: Müller, Dana <DANA@customer.example>\n\nHi".encode()

        mail = read_mail(raw, arrived_at=NOW)

        assert (mail.sender, mail.sender_name) == ("dana@customer.example", "Müller, Dana")

    @pytest.mark.parametrize(
        "date",
        ["", "yesterday", "Wed, 18 Mar 2037 12:00:00 +0000", "Thu, 1 Jan 1970 00:00:00 +0000"],
    )
    def test_was_sent_when_it_arrived_if_its_own_date_cannot_be(self, date):
        assert read(f"Date: {date}\n").sent_at == NOW

    def test_has_an_id_of_its_own_without_a_message_id(self):
        raw = b"From: a@b.example\nSubject: x\n\nIt stops."

        first = read_mail(raw, arrived_at=NOW).message_id
        again = read_mail(b"Received: later\n" + raw, arrived_at=NOW + timedelta(days=1))

        assert again.message_id == first
        assert read_mail(raw + b"!", arrived_at=NOW).message_id != first

    def test_names_the_mails_it_answers_the_nearest_first(self):
        mail = read("In-Reply-To: <c@x>\nReferences: <a@x> <b@x>\n\t<c@x>\n")

        assert mail.thread == ("c@x", "b@x", "a@x")

    def test_notes_what_is_attached(self):
        mail = read(
            'Content-Type: multipart/mixed; boundary="x"\n',
            "--x\n\nIt stops.\n--x\nContent-Type: image/png\n"
            "Content-Disposition: attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.png\n"
            "Content-Transfer-Encoding: base64\n\nAAAA\n--x--\n",
        )

        assert mail.words == "It stops."
        assert [one.as_dict() for one in mail.attachments] == [
            {"name": "Größe.png", "type": "image/png", "size": 3}
        ]

    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"\n\n", b"\0" * 5_000, b"From: " + b"<" * 5_000, b"Subject: =?" * 2_000,
            b"Content-Type: text/plain; charset=\"\xff\xfe\"\n\nhi",
            b"Content-Type: multipart/mixed; boundary=\"\"\n\nhi",
            b"Content-Transfer-Encoding: base64\n\n!!!!",
            b"".join(NESTED % (n, n) for n in range(3_000)),
        ],
    )  # fmt: skip
    def test_that_is_broken_stops_nothing(self, raw):
        row, reason = row_of(Fetched(1, NOW, raw), {})

        assert row or reason


class TestNoise:
    @pytest.mark.parametrize(
        ("head", "why"),
        [
            ("Auto-Submitted: auto-replied\n", "automatic answer"),
            ("X-Autoreply: yes\n", "automatic answer"),
            ("Precedence: auto_reply\n", "automatic answer"),
            ("Return-Path: <>\n", "report of a mail system"),
            ("List-Id: <news.customer.example>\n", "mailing list"),
            ("Precedence: bulk\n", "mailing list"),
            ("X-Wake: answer\n", "sent by us"),
            ("Auto-Submitted: no\n", ""),
            ("", ""),
        ],
    )
    def test_is_left_out_with_a_reason(self, head, why):
        assert why_noise(read(head)) == why

    @pytest.mark.parametrize(
        "subject",
        [
            "Out of Office: Re: Export",
            "Automatische Antwort: x",
            "Réponse automatique : x",
            "自動応答: x",
        ],
    )
    def test_is_known_by_its_subject(self, subject):
        raw = f"From: d@c.example\nSubject: {subject}\n\nI am away.".encode()

        assert why_noise(read_mail(raw, arrived_at=NOW)) == "automatic answer"

    def test_is_what_came_from_ourselves(self):
        assert why_noise(read(), own={"dana@customer.example"}) == "sent by us"

    def test_is_no_list_where_the_address_is_a_group(self):
        assert why_noise(read("List-Id: <support.shop.example>\n"), takes_lists=True) == ""


class TestNamesOfFolders:
    @pytest.mark.parametrize("name", ["INBOX", "Entwürfe", "A & B", "日本語", "a/b", 'say "hi"'])
    def test_survive_the_way_there_and_back(self, name):
        wire = quoted(name)

        assert wire.isascii()
        assert unquoted(wire[1:-1].replace('\\"', '"').replace("\\\\", "\\")) == name
