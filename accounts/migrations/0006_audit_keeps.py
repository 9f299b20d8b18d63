"""The audit log refuses TRUNCATE too, which row triggers never see."""

from tortoise import migrations
from tortoise.migrations import operations as ops

AUDIT = [
    """CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_credentials")]
    operations = [ops.RunSQL(AUDIT)]
