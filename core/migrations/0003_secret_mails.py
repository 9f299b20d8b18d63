from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

EARLIER = [
    """UPDATE outgoing_mail SET has_secret = true
       WHERE template IN ('accounts/welcome', 'accounts/confirm', 'accounts/reset')
       AND sent_at IS NULL AND failed_at IS NULL""",
    """UPDATE outgoing_mail SET html = '',
         text = 'This mail held a secret link; its words were removed when it was sent.'
       WHERE template IN ('accounts/welcome', 'accounts/confirm', 'accounts/reset')
       AND (sent_at IS NOT NULL OR failed_at IS NOT NULL) AND to_address <> ''""",
]


class Migration(migrations.Migration):
    dependencies = [('core', '0002_queue')]

    initial = False

    operations = [
        ops.AddField(
            model_name='OutgoingMail',
            name='has_secret',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.RunSQL(EARLIER),
    ]
