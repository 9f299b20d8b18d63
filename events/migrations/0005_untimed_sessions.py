from tortoise import migrations
from tortoise.migrations import operations as ops

# A range without ends is all of time: a session that has a room but no time yet would fill the room for ever.
ONCE = [
    "ALTER TABLE session DROP CONSTRAINT session_room_once",
    """ALTER TABLE session ADD CONSTRAINT session_room_once EXCLUDE USING gist
       (room_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (room_id IS NOT NULL AND starts_at IS NOT NULL)""",
]


class Migration(migrations.Migration):
    dependencies = [("events", "0004_session_sequence")]
    operations = [ops.RunSQL(ONCE)]
