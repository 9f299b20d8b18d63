from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("events", "0003_search_keys")]
    operations = [
        ops.AddField(model_name="Session", name="sequence", field=fields.IntField(default=0, db_default=0)),
    ]
