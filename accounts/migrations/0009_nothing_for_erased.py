"""Nothing is written for a person who is erased, also where both happen at the same moment."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = ("api_token", "role_grant", "sign_in_event", "sign_in_session", "single_use_link")
FUNCTION = """
CREATE FUNCTION refuse_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Waits for an erasure that runs, then reads the row as it left it.
  PERFORM 1 FROM person WHERE id = NEW.person_id AND erased_at IS NULL FOR KEY SHARE;
  IF NOT FOUND AND NEW.person_id IS NOT NULL THEN
    RAISE EXCEPTION 'the account % is erased', NEW.person_id USING ERRCODE = 'CFERA';
  END IF;
  RETURN NEW;
END $$"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_invitations")]
    operations = [
        ops.RunSQL(
            [
                FUNCTION,
                *(
                    f"CREATE TRIGGER {table}_no_erased BEFORE INSERT ON {table}"
                    " FOR EACH ROW EXECUTE FUNCTION refuse_erased()"
                    for table in TABLES
                ),
            ]
        )
    ]
