"""Nothing is written for a person who is erased, also where both happen at the same moment."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = ("calendar_feed", "registration", "speaker")


class Migration(migrations.Migration):
    dependencies = [("events", "0009_quota_take")]
    operations = [
        ops.RunSQL(
            [
                f"CREATE TRIGGER {table}_no_erased BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_erased()"
                for table in TABLES
            ]
        )
    ]
