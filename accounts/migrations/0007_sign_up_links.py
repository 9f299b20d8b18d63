from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_audit_keeps")]
    operations = [
        ops.AddField(
            model_name="SingleUseLink",
            name="device_hash",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="SingleUseLink",
            name="next_path",
            field=fields.CharField(default="", db_default="", max_length=1000),
        ),
    ]
