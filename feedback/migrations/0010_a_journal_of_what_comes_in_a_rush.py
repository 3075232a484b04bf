import django.db.models.deletion
from django.db import migrations, models

from feedback.language import language_of


def tell_languages(apps, schema_editor):
    """Do what was left to a worker before there was a journal."""
    items = apps.get_model("feedback", "FeedbackItem").objects.filter(awaits_sorting=True)
    for pk, text in items.values_list("pk", "text"):
        items.filter(pk=pk).update(language=language_of(text), awaits_sorting=False)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_aliases"),
        ("feedback", "0009_leave_some_sorting_to_a_worker"),
    ]

    operations = [
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=40)),
                ("external_id", models.CharField(max_length=200)),
                ("received_at", models.DateTimeField()),
                ("said", models.TextField()),
                ("put_by", models.BigIntegerField()),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "problem",
                    models.CharField(blank=True, db_default="", default="", max_length=300),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "source", "external_id"), name="an_arrival_is_kept_once"
                    )
                ]
            },
        ),
        migrations.RunPython(tell_languages, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="feedbackitem", name="feedback_to_be_sorted"),
    ]
