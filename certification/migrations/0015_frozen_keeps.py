"""What is frozen row by row refuses TRUNCATE too, which row triggers never see."""

from tortoise import migrations
from tortoise.migrations import operations as ops

FROZEN = ("badge", "certificate", "certification_policy", "item_version", "layout_version", "result")


class Migration(migrations.Migration):
    dependencies = [("certification", "0014_renewal")]
    operations = [
        ops.RunSQL(
            [
                f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
                for table in FROZEN
            ]
        )
    ]
