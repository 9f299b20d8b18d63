from tortoise import fields, migrations
from tortoise.migrations import operations as ops

INDEXES = [
    "DROP INDEX event_search",  # searching is by trigrams: part of a word, or with a typo
    "CREATE INDEX venue_place ON venue (country, city_key)",
    "CREATE INDEX event_venue ON event (venue_id)",
    "CREATE INDEX session_room ON session (room_id)",
    "CREATE INDEX session_speaker_once ON session_speaker (speaker_id, session_id)",
]


class Migration(migrations.Migration):
    dependencies = [("events", "0002_constraints")]
    operations = [
        ops.AddField(
            model_name="Event", name="programme_text", field=fields.TextField(default="", db_default="", unique=False)
        ),
        ops.AddField(
            model_name="Venue", name="city_key", field=fields.CharField(default="", db_default="", max_length=200)
        ),
        ops.RunSQL(INDEXES),
    ]
