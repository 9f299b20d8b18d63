from tortoise import migrations
from tortoise.migrations import operations as ops

CATALOG = [
    "ALTER TABLE event ADD CONSTRAINT event_times CHECK (ends_at > starts_at)",
    "ALTER TABLE venue ADD CONSTRAINT venue_country CHECK (country ~ '^[A-Z]{2}$')",
    "CREATE INDEX event_search ON event USING gin (to_tsvector('simple', search_text))",
    "CREATE INDEX event_search_trigrams ON event USING gin (search_text gin_trgm_ops)",
]
REGISTRATION = [
    "ALTER TABLE quota ADD CONSTRAINT quota_never_oversold CHECK (taken >= 0 AND taken <= size)",
    "ALTER TABLE ticket_type ADD CONSTRAINT ticket_type_price CHECK (price_minor >= 0 AND currency ~ '^[A-Z]{3}$')",
    """CREATE UNIQUE INDEX registration_once ON registration (event_id, person_id)
       WHERE status NOT IN ('cancelled', 'declined', 'expired')""",
]
PROGRAMME = [
    """ALTER TABLE session ADD CONSTRAINT session_times
       CHECK ((starts_at IS NULL) = (ends_at IS NULL) AND ends_at > starts_at)""",
    """ALTER TABLE session ADD CONSTRAINT session_room_once EXCLUDE USING gist
       (room_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (room_id IS NOT NULL)""",
]


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [ops.RunSQL(CATALOG), ops.RunSQL(REGISTRATION), ops.RunSQL(PROGRAMME)]
