"""The forms of the import page: a file, then what its columns mean."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from accounts.forms import zone_choices
from common.tables import NotATable
from common.values import storable
from feedback.importer import Preview, preview
from feedback.rows import FIELDS

KEEP, LEAVE_OUT = "keep", "leave out"
LABELS = {
    "text": "What they said",
    "rating": "Rating",
    "rating_scale": "Scale of the rating",
    "rating_max": "Best possible rating",
    "created_at": "When they said it",
    "version": "App version",
    "customer": "Customer",
    "id": "Its id",
    "source": "Source",
    "environment": "Environment",
    "area": "Area of the product",
    "url": "Address of a page",
    "reply_text": "Our answer",
    "replied_at": "When we answered",
}
CHOICES = [
    (KEEP, "Keep as a detail"),
    (LEAVE_OUT, "Leave out"),
    (
        "Fields",
        [(field, LABELS.get(field, field)) for field in sorted(FIELDS, key=[*LABELS].index)],
    ),
]
SAMPLES = 3
SCALE_CHOICES = [
    ("", "1 to 5 stars"),
    ("csat", "CSAT, 1 to 5"),
    ("nps", "NPS, 0 to 10"),
    ("1-10", "1 to 10"),
    ("1-7", "1 to 7"),
    ("percent", "Percent"),
    ("thumbs", "Thumbs: 1 is up, 0 is down"),
]


class FileForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label="CSV or JSON Lines file",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz"}),
    )

    def clean_file(self) -> UploadedFile:
        """Refuse a file that is too large, or that holds no rows."""
        file: UploadedFile = self.cleaned_data["file"]
        size, most = file.size or 0, settings.MAX_UPLOAD_BYTES
        if size > most:
            raise forms.ValidationError(
                f"The file has {filesizeformat(size)}; this page takes {filesizeformat(most)}."
                " Compress it with gzip, or use `manage.py import_feedback`, which has no limit."
            )
        try:
            preview(file)
        except NotATable as reason:
            raise forms.ValidationError(str(reason)) from None
        file.seek(0)
        return file


class ColumnsForm(forms.Form):
    """Which column is which field, and how the file is to be read."""

    source = forms.CharField(
        max_length=40,
        help_text="Where it comes from, such as “app_store”. Rows that name their own keep it.",
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text="For times in the file that do not say their own.",
    )
    rating_scale = forms.ChoiceField(
        required=False,
        label="Scale of the ratings",
        choices=SCALE_CHOICES,
        help_text="Of rows that do not name their own.",
    )
    dry_run = forms.BooleanField(
        required=False,
        label="Try it first: read everything, store nothing",
    )

    def __init__(self, *args: Any, found: Preview, mapping: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = found.columns
        self.samples = [
            [row.get(column) for row in found.rows[:SAMPLES]] for column in found.columns
        ]
        # Columns are numbered, as their names may be anything at all.
        for number, column in enumerate(found.columns):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                choices=CHOICES,
                label=column,
                initial=mapping.get(column, KEEP) or LEAVE_OUT,
            )

    def settings_fields(self) -> list[forms.BoundField]:
        """Return the fields that are not about a column."""
        return [self[name] for name in ("source", "zone", "rating_scale", "dry_run")]

    def column_rows(self) -> list[tuple[forms.BoundField, list[Any]]]:
        """Return each column's field with the first values in it."""
        return [(self[f"column-{n}"], values) for n, values in enumerate(self.samples)]

    def clean_source(self) -> str:
        """Keep only what both databases can store."""
        return storable(self.cleaned_data["source"])

    def clean(self) -> dict[str, Any]:
        """Check that each field is given once, and that something was said at all."""
        cleaned = super().clean() or {}
        mapping = self.mapping()
        fields = [field for field in mapping.values() if field]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            names = ", ".join(f"“{LABELS.get(field, field)}”" for field in twice)
            raise forms.ValidationError(f"Two columns are set to {names}. Choose one of them.")
        if not {"text", "rating"} & set(fields):
            raise forms.ValidationError(
                "Say which column holds what customers said, or their rating: one is needed."
            )
        return cleaned

    def mapping(self) -> dict[str, str]:
        """Return {column: field}; "" leaves a column out, one that is kept is not named."""
        chosen = {
            column: self.cleaned_data.get(f"column-{number}", KEEP)
            for number, column in enumerate(self.columns)
        }
        return {
            column: "" if choice == LEAVE_OUT else choice
            for column, choice in chosen.items()
            if choice != KEEP
        }
