from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("certification", "0004_constraints")]
    operations = [
        ops.AddField(
            model_name="IssueRequest", name="reason", field=fields.CharField(default="", db_default="", max_length=500)
        ),
    ]
