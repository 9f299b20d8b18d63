from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0002_constraints')]

    initial = False

    operations = [
        ops.AddField(
            model_name='IdempotentRequest',
            name='person_id',
            field=fields.UUIDField(null=True, db_index=True),
        ),
    ]
