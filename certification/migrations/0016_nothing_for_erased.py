"""Nothing is written for a person who is erased, also where both happen at the same moment.

And a reason for a regrade that can be erased, beside the result that is frozen.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TABLES = ("attempt", "credit", "directory_entry", "entitlement", "issue_request")


class Migration(migrations.Migration):
    dependencies = [("certification", "0015_frozen_keeps")]
    operations = [
        ops.AddField(
            model_name="Attempt",
            name="regraded_reason",
            field=fields.CharField(default="", db_default="", max_length=500),
        ),
        ops.RunSQL(
            [
                f"CREATE TRIGGER {table}_no_erased BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_erased()"
                for table in TABLES
            ]
        ),
    ]
