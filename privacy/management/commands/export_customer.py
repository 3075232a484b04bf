"""`manage.py export_customer`: writes all that is stored of one customer, as JSON."""

import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from privacy.customer_command import CustomerCommand
from privacy.exporting import export_customer


class Command(CustomerCommand):
    """Writes all that is stored of one customer to standard output."""

    help = "Write all that is stored of one customer, as JSON."

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the document."""
        with transaction.atomic():
            document = export_customer(self.customer_named(**options), now=timezone.now())
            # Handing out writes nothing: not even a row for somebody who only sent events.
            transaction.set_rollback(True)
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
