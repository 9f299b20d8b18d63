from tortoise import migrations
from tortoise.migrations import operations as ops
from accounts.models import LinkPurpose, SignInOutcome, SignInWay
from core.database import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('accounts', '0004_waits')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SignInEvent',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('accounts.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='sign_in_events', on_delete=OnDelete.CASCADE)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('way', fields.CharEnumField(description='browser: browser\ntoken: token', enum_type=SignInWay, max_length=20)),
                ('outcome', fields.CharEnumField(description='signed_in: signed_in\nwrong_password: wrong_password\ndisabled: disabled', enum_type=SignInOutcome, max_length=20)),
                ('user_agent', fields.CharField(default='', max_length=300)),
                ('address', fields.CharField(default='', max_length=64)),
                ('is_new_browser', fields.BooleanField(default=False, db_default=False)),
            ],
            options={'table': 'sign_in_event', 'app': 'accounts', 'indexes': [Index(fields=['person_id', 'at'])], 'pk_attr': 'id', 'table_description': 'One attempt to sign in to an account, for its owner to look through; kept for 90 days.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Person',
            name='credential_epoch',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Person',
            name='disabled_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='SignInSession',
            name='proved_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterField(
            model_name='SingleUseLink',
            name='purpose',
            field=fields.CharEnumField(description='confirm_email: confirm_email\nreset_password: reset_password\nkeep_email: keep_email', enum_type=LinkPurpose, max_length=20),
        ),
    ]
