from tortoise import fields, migrations
from tortoise.migrations import operations as ops

CREDITS = [
    """CREATE UNIQUE INDEX credit_evidence_once ON credit (person_id, certification_id, evidence_sha256)
       WHERE evidence_sha256 IS NOT NULL AND state <> 'refused'""",
    "ALTER TABLE credit ADD CONSTRAINT credit_of_what CHECK ((source = 'evidence') = (source_id IS NULL))",
    """ALTER TABLE credit ADD CONSTRAINT credit_decided_by_another
       CHECK (decided_by_id IS NULL OR decided_by_id <> person_id)""",
    """ALTER TABLE credit ADD CONSTRAINT credit_decided
       CHECK (source <> 'evidence' OR (state = 'claimed') = (decided_by_id IS NULL))""",
    """CREATE FUNCTION credit_spent_once() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' OR NEW.spent_on_id IS DISTINCT FROM OLD.spent_on_id
            OR NEW.amount <> OLD.amount OR NEW.earned_on <> OLD.earned_on OR NEW.person_id <> OLD.person_id THEN
           RAISE EXCEPTION 'credit % is spent', OLD.id USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER credit_spent_once BEFORE UPDATE OR DELETE ON credit
       FOR EACH ROW WHEN (OLD.spent_on_id IS NOT NULL) EXECUTE FUNCTION credit_spent_once()""",
]


class Migration(migrations.Migration):
    dependencies = [("certification", "0013_bulk_lines")]
    operations = [
        ops.AddField(
            model_name="Credit",
            name="claimed_amount",
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.RunSQL(CREDITS),
    ]
