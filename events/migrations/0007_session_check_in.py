from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('events', '0006_check_in_by_registration')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='CheckInList',
            name='name',
            field=fields.CharField(max_length=300),
        ),
        ops.AddField(
            model_name='CheckInList',
            name='session',
            field=fields.OneToOneField('events.Session', source_field='session_id', null=True, db_constraint=True, to_field='id', related_name='check_in_list', on_delete=OnDelete.CASCADE),
        ),
    ]
