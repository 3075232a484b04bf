def test_a_fresh_project_is_sound(shop, db):
    from django.core.management import call_command

    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True)
