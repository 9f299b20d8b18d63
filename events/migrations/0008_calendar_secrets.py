import hashlib
import hmac

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from core.settings import get_settings


async def hash_secrets(apps: object, editor: BaseSchemaEditor) -> None:
    """The secrets that lay in the open become the keyed hashes under which they are looked up from now on."""
    key = get_settings().signing_secret
    for row in await editor.client.execute_query_dict("SELECT person_id, token_hash FROM calendar_feed"):
        hashed = hmac.new(key, row["token_hash"].encode(), hashlib.sha256).hexdigest()
        await editor.client.execute_query(
            "UPDATE calendar_feed SET token_hash = $2 WHERE person_id = $1", [row["person_id"], hashed]
        )


class Migration(migrations.Migration):
    dependencies = [("events", "0007_session_check_in")]
    operations = [
        ops.RenameField(model_name="CalendarFeed", old_name="token", new_name="token_hash"),
        ops.AddField(model_name="CalendarFeed", name="epoch", field=fields.IntField(default=0, db_default=0)),
        ops.RunPython(hash_secrets),
    ]
