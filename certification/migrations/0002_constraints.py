from tortoise import migrations
from tortoise.migrations import operations as ops

PROGRAMS = [
    """ALTER TABLE entitlement ADD CONSTRAINT entitlement_attempts
       CHECK (attempts_used >= 0 AND attempts_used <= attempts_allowed)""",
    """ALTER TABLE certification_policy ADD CONSTRAINT certification_policy_ranges
       CHECK (cut_score BETWEEN 0 AND 100 AND time_limit_minutes > 0 AND attempts_allowed > 0
              AND entitlement_months > 0 AND retake_wait_days >= 0 AND form_length > 0 AND validity_months > 0)""",
    "ALTER TABLE domain ADD CONSTRAINT domain_weight CHECK (weight > 0)",
    """CREATE TRIGGER certification_policy_frozen BEFORE UPDATE OR DELETE ON certification_policy
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER item_version_frozen BEFORE UPDATE OR DELETE ON item_version
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
]
EXAMS = [
    """CREATE UNIQUE INDEX attempt_one_in_progress ON attempt (person_id, certification_id)
       WHERE status = 'in_progress'""",
    "CREATE INDEX attempt_overdue ON attempt (deadline) WHERE status = 'in_progress'",
    "ALTER TABLE attempt ADD CONSTRAINT attempt_deadline CHECK (deadline > started_at)",
    "ALTER TABLE response ADD CONSTRAINT response_score CHECK (score BETWEEN 0 AND 1)",
    """CREATE FUNCTION attempt_never_backwards() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE
         ranks CONSTANT text[] := ARRAY['in_progress', 'submitted', 'graded', 'voided'];
       BEGIN
         IF array_position(ranks, NEW.status::text) < array_position(ranks, OLD.status::text) THEN
           RAISE EXCEPTION 'attempt % cannot go from % to %', OLD.id, OLD.status, NEW.status
             USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER attempt_never_backwards BEFORE UPDATE OF status ON attempt
       FOR EACH ROW EXECUTE FUNCTION attempt_never_backwards()""",
    """CREATE TRIGGER result_frozen BEFORE UPDATE OR DELETE ON result
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
]
CERTIFICATES = [
    """CREATE FUNCTION certificate_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' OR
            ROW(NEW.id, NEW.number, NEW.issue_request_id, NEW.organization_id, NEW.certification_id, NEW.person_id,
                NEW.holder_name, NEW.achievement, NEW.issuer_name, NEW.achieved_at, NEW.issued_at, NEW.valid_until,
                NEW.facts, NEW.pdf_sha256, NEW.pdf_size)
            IS DISTINCT FROM
            ROW(OLD.id, OLD.number, OLD.issue_request_id, OLD.organization_id, OLD.certification_id, OLD.person_id,
                OLD.holder_name, OLD.achievement, OLD.issuer_name, OLD.achieved_at, OLD.issued_at, OLD.valid_until,
                OLD.facts, OLD.pdf_sha256, OLD.pdf_size) THEN
           RAISE EXCEPTION 'certificate % is frozen: only its status may change', OLD.number
             USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER certificate_frozen BEFORE UPDATE OR DELETE ON certificate
       FOR EACH ROW EXECUTE FUNCTION certificate_frozen()""",
    """CREATE UNIQUE INDEX certificate_one_predecessor ON certificate (successor_id)
       WHERE successor_id IS NOT NULL""",
]


class Migration(migrations.Migration):
    dependencies = [("certification", "0001_initial")]
    operations = [ops.RunSQL(PROGRAMS), ops.RunSQL(EXAMS), ops.RunSQL(CERTIFICATES)]
