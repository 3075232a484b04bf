from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0009_lean_tables_of_events'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='sameuser',
            index=models.Index(fields=['project', 'learned_at'], name='users_met_lately'),
        ),
    ]
