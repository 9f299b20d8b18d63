from tortoise import migrations
from tortoise.migrations import operations as ops

ROLE_GRANT = [
    """ALTER TABLE role_grant ADD CONSTRAINT role_grant_once UNIQUE NULLS NOT DISTINCT
       (organization_id, person_id, role, scope_kind, scope_id)""",
    """ALTER TABLE role_grant ADD CONSTRAINT role_grant_scope
       CHECK ((scope_kind = 'organization') = (scope_id IS NULL))""",
]
PERSON = [
    "ALTER TABLE person ADD CONSTRAINT person_email_lower CHECK (email = lower(email))",
    "ALTER TABLE person ADD CONSTRAINT person_erased CHECK ((email IS NULL) = (erased_at IS NOT NULL))",
    "ALTER TABLE organization ADD CONSTRAINT organization_accent CHECK (accent ~ '^#[0-9a-f]{6}$')",
]
AUDIT = [
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
           USING ERRCODE = 'integrity_constraint_violation';
       END $$""",
    """CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    "CREATE INDEX audit_entry_organization_at ON audit_entry (organization_id, at DESC)",
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [ops.RunSQL(PERSON), ops.RunSQL(ROLE_GRANT), ops.RunSQL(AUDIT)]
