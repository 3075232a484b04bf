"""What mail programs write around a person's words, in the languages that were met. Pure.

Sources: the mails that mailgun/talon and github/email_reply_parser test with, and the texts that
Gmail, Outlook, Apple Mail and Thunderbird have for each language.
"""

# "On Monday, Ada WROTE:", the verb by which a line that leads into a quote is known.
WROTE = (
    "wrote", "writes", "schrieb", "schreef", "a écrit", "ecrit", "escribió", "escribio",
    "ha scritto", "scrive", "escreveu", "skrev", "kirjoitti", "napisał", "napisała", "napsal",
    "napísal", "написал", "написала", "пишет", "писал", "написав", "yazdı", "şunu yazdı", "írta",
    "a scris", "έγραψε", "schrieben", "写道", "寫道", "のメール", "書きました", "のメッセージ",
    "작성", "đã viết", "menulis", "เขียน", "כתב", "כתבה", "كتب",
)  # fmt: skip
# A line that says "original message" or "forwarded message" between rules of dashes.
ORIGINAL = (
    "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht",
    "message d'origine", "message d’origine", "message original", "mensaje original",
    "messaggio originale", "mensagem original", "oorspronkelijk bericht", "origineel bericht",
    "ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse", "opprinnelig melding",
    "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva",
    "исходное сообщение", "пересылаемое сообщение", "orijinal mesaj", "eredeti üzenet",
    "mesaj original", "元のメッセージ", "原始邮件", "原始郵件", "원본 메시지", "reply message",
    "forwarded message", "weitergeleitete nachricht", "message transféré", "mensaje reenviado",
    "messaggio inoltrato", "mensagem encaminhada", "doorgestuurd bericht",
)  # fmt: skip
# The names of headers that Outlook and its kin write above what they quote.
FROM = (
    "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "от", "від", "kimden",
    "feladó", "差出人", "发件人", "寄件者", "보낸 사람", "expéditeur", "remitente", "mittente",
)  # fmt: skip
OTHER_HEADERS = (
    "to", "sent", "date", "subject", "cc", "reply-to", "an", "gesendet", "datum", "betreff",
    "à", "envoyé", "objet", "para", "enviado", "enviado el", "fecha", "asunto", "a", "inviato",
    "data", "oggetto", "enviada em", "assunto", "aan", "verzonden", "onderwerp", "till", "skickat",
    "ämne", "til", "sendt", "emne", "vastaanottaja", "lähetetty", "aihe", "do", "wysłano", "temat",
    "komu", "odesláno", "předmět", "кому", "дата", "отправлено", "тема", "копия", "kime",
    "gönderildi", "konu", "címzett", "tárgy", "宛先", "送信日時", "件名", "收件人", "发送时间",
    "主题", "收件者", "主旨", "받는 사람", "보낸 날짜", "제목",
)  # fmt: skip
# How programs on phones end a mail.
SENT_FROM = (
    "sent from", "sent with", "sent via", "sent by", "get outlook for", "get bluemail for",
    "von meinem", "gesendet von", "gesendet mit", "envoyé de", "envoyé depuis", "envoyé avec",
    "télécharger outlook", "enviado desde", "enviado con", "obtener outlook", "inviato da",
    "inviato dal", "ottieni outlook", "enviado do", "enviado de", "enviado via", "verzonden vanaf",
    "verstuurd vanaf", "skickat från", "sendt fra", "hent outlook", "lähetetty", "wysłane z",
    "wysłano z", "odesláno z", "отправлено с", "отправлено из", "iphoneから送信",
    "발자", "나의 iphone", "发自我的", "從我的", "iphone'umdan", "iphone telefonumdan",
)  # fmt: skip
# A line of its own that ends what was said; a name may follow.
CLOSINGS = (
    "best", "best regards", "kind regards", "warm regards", "regards", "best wishes",
    "all the best", "cheers", "sincerely", "yours sincerely", "yours truly", "thanks",
    "many thanks", "thank you", "thanks again", "thank you very much", "thanks in advance", "thx",
    "br", "mit freundlichen grüßen",
    "mit freundlichen grüssen", "mit freundlichem gruß", "freundliche grüße", "freundliche grüsse",
    "viele grüße", "viele grüsse", "beste grüße", "liebe grüße", "schöne grüße", "gruß", "grüße",
    "mfg", "vg", "lg", "vielen dank", "danke", "cordialement", "bien cordialement", "bien à vous",
    "merci", "merci d'avance", "salutations", "meilleures salutations", "saludos",
    "un saludo", "saludos cordiales", "atentamente", "gracias", "muchas gracias", "cordiali saluti",
    "distinti saluti", "saluti", "grazie", "atenciosamente", "cumprimentos", "obrigado", "obrigada",
    "abraços", "met vriendelijke groet", "vriendelijke groeten", "groeten", "groetjes",
    "bedankt", "alvast bedankt", "med vänliga hälsningar", "vänliga hälsningar", "mvh",
    "hälsningar", "tack", "med venlig hilsen", "venlig hilsen", "med vennlig hilsen", "hilsen",
    "tak", "takk",
    "ystävällisin terveisin", "terveisin", "kiitos", "pozdrawiam", "z poważaniem", "dziękuję",
    "s pozdravem", "děkuji", "с уважением", "спасибо", "з повагою", "дякую", "saygılarımla",
    "teşekkürler", "üdvözlettel", "köszönöm", "cu stimă", "mulțumesc", "よろしくお願いします",
    "よろしくお願いいたします", "谢谢", "謝謝", "감사합니다",
)  # fmt: skip
# How the subject of an answer begins.
ANSWERS = (
    "re", "aw", "antw", "antwort", "sv", "vs", "rv", "res", "rif", "r", "odp", "ynt", "vá", "rép",
    "回复", "回覆", "答复", "返信", "fw", "fwd", "wg", "tr", "rv", "i", "enc", "vb", "doorst", "pd",
    "转发", "轉寄",
)  # fmt: skip
# Subjects of what nobody wrote.
AUTOMATIC = (
    "out of office", "automatic reply", "auto reply", "autoreply", "auto-reply", "auto response",
    "autoresponse", "automatische antwort", "abwesenheitsnotiz", "abwesend", "réponse automatique",
    "absence du bureau", "respuesta automática", "fuera de la oficina", "risposta automatica",
    "fuori sede", "resposta automática", "automatisch antwoord", "afwezig", "autosvar",
    "automatiskt svar", "automaattinen vastaus", "odpowiedź automatyczna", "automatická odpověď",
    "автоматический ответ", "автоответ", "自動応答", "自动回复", "自動回覆", "자동 회신",
)  # fmt: skip
