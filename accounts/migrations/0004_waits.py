from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0003_whose_answer')]

    initial = False

    operations = [
        ops.AddField(
            model_name='FailureCount',
            name='next_try_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
