from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = ["CREATE INDEX check_in_registration ON check_in (registration_id, checked_in_at)"]


class Migration(migrations.Migration):
    dependencies = [("events", "0005_untimed_sessions")]
    operations = [ops.RunSQL(INDEXES)]
