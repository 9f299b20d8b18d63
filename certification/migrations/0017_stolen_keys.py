from tortoise import fields, migrations
from tortoise.migrations import operations as ops

STOLEN = [
    """ALTER TABLE issuer_key ADD CONSTRAINT issuer_key_stolen_is_retired
       CHECK (compromised_since IS NULL OR retired_at IS NOT NULL)""",
]


class Migration(migrations.Migration):
    dependencies = [("certification", "0016_nothing_for_erased")]
    operations = [
        ops.AddField(model_name="IssuerKey", name="compromised_since", field=fields.DatetimeField(null=True)),
        ops.RunSQL(STOLEN),
    ]
