from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0003_secret_mails")]
    operations = [
        ops.AddField(
            model_name="OutgoingMail",
            name="is_last",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
