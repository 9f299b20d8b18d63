from tortoise import migrations
from tortoise.migrations import operations as ops

# A volatile function's statement has a snapshot of its own: where the caller holds the row's lock, it sees the latest
# count, and so does the check quota_never_oversold.
FUNCTION = """CREATE FUNCTION quota_take(of_quota uuid, places integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE quota SET taken = taken + places WHERE id = of_quota;
END $$"""


class Migration(migrations.Migration):
    dependencies = [("events", "0008_calendar_secrets")]
    operations = [ops.RunSQL(FUNCTION)]
