"""Mails that came back, as mail servers write them (RFC 3464)."""

POSTFIX = """\
Return-Path: <>
Date: Mon, 23 Mar 2026 08:00:05 +0000 (UTC)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@wake.example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
Message-Id: <20260323080005.1@mx.example.net>

This is a MIME-encapsulated message.

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Sender: rfc822; bounces@wake.example.com
Arrival-Date: Mon, 23 Mar 2026 08:00:00 +0000 (UTC)

Final-Recipient: rfc822; {final}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {said}

--B
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <bounces@wake.example.com>
From: Wake <wake@example.com>
To: {address}
Subject: A week
Message-ID: {message_id}
Content-Type: text/plain

The whole digest.
--B--
"""

# Exchange says only the headers of what came back, and little in its status.
EXCHANGE = """\
From: <postmaster@corp.example>
To: <bounces@wake.example.com>
Date: Mon, 23 Mar 2026 08:00:05 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="xyz"
Subject: Undeliverable: A week

--xyz
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset="utf-8"

Your message couldn't be delivered.
--inner
Content-Type: text/html; charset="utf-8"

<p>Your message couldn't be delivered.</p>
--inner--

--xyz
Content-Type: message/delivery-status

Reporting-MTA: dns;mail.corp.example

Final-Recipient: rfc822;{address}
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;
\tRecipient {address} not found

--xyz
Content-Type: text/rfc822-headers

From: Wake <wake@example.com>
To: <{address}>
Message-ID:
 {message_id}
Subject: A week

--xyz--
"""


def postfix(
    message_id: str,
    address: str,
    *,
    said: str = "550 5.1.1 <nobody> User unknown",
    status: str = "5.1.1",
    action: str = "failed",
    final: str = "",
) -> bytes:
    """What Postfix writes when `said` was the answer to a mail for `address`."""
    return POSTFIX.format(
        message_id=message_id, address=address, said=said, status=status, action=action,
        final=final or address,
    ).encode()  # fmt: skip


def exchange(message_id: str, address: str) -> bytes:
    """What Exchange writes of an address that it does not know."""
    return EXCHANGE.format(message_id=message_id, address=address).encode()
