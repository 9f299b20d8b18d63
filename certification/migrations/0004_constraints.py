from tortoise import migrations
from tortoise.migrations import operations as ops

LAYOUTS = [
    """CREATE TRIGGER layout_version_frozen BEFORE UPDATE OR DELETE ON layout_version
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    "ALTER TABLE layout_version ADD CONSTRAINT layout_version_positive CHECK (version > 0)",
    """ALTER TABLE layout_picture ADD CONSTRAINT layout_picture_size
       CHECK (width > 0 AND height > 0 AND content_type IN ('image/png', 'image/jpeg'))""",
]
KEYS = [
    """CREATE UNIQUE INDEX issuer_key_one_in_use ON issuer_key (organization_id) WHERE retired_at IS NULL""",
    """ALTER TABLE issuer_key ADD CONSTRAINT issuer_key_one_place
       CHECK ((sealed IS NULL) <> (token_label IS NULL))""",
]
BADGES = [
    "ALTER TABLE status_list ADD CONSTRAINT status_list_size CHECK (size >= 131072 AND size % 8 = 0)",
    """CREATE FUNCTION badge_in_list() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.status_index < 0 OR
            NEW.status_index >= (SELECT size FROM status_list WHERE id = NEW.status_list_id) THEN
           RAISE EXCEPTION 'status index % is outside its list', NEW.status_index
             USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    "CREATE TRIGGER badge_in_list BEFORE INSERT ON badge FOR EACH ROW EXECUTE FUNCTION badge_in_list()",
    """CREATE TRIGGER badge_frozen BEFORE UPDATE OR DELETE ON badge
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
]
CERTIFICATES = [
    """CREATE OR REPLACE FUNCTION certificate_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' OR
            (to_jsonb(NEW) - ARRAY['status', 'status_reason', 'status_changed_at', 'successor_id', 'is_name_hidden'])
            IS DISTINCT FROM
            (to_jsonb(OLD) - ARRAY['status', 'status_reason', 'status_changed_at', 'successor_id', 'is_name_hidden'])
            OR (OLD.successor_id IS NOT NULL AND NEW.successor_id IS DISTINCT FROM OLD.successor_id) THEN
           RAISE EXCEPTION 'certificate % is frozen: only its status may change', OLD.number
             USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """ALTER TABLE certificate ADD CONSTRAINT certificate_superseded_by_one
       CHECK (status <> 'superseded' OR successor_id IS NOT NULL)""",
    """ALTER TABLE issue_request ADD CONSTRAINT issue_request_of_what
       CHECK (certification_id IS NOT NULL AND policy_id IS NOT NULL OR event_id IS NOT NULL)""",
    """ALTER TABLE issue_request ADD CONSTRAINT issue_request_correction
       CHECK ((source_kind = 'correction') = (predecessor_id IS NOT NULL))""",
    "ALTER TABLE issue_request ADD CONSTRAINT issue_request_worth CHECK (hours >= 0 AND credits >= 0)",
    "ALTER TABLE directory_entry ADD CONSTRAINT directory_entry_country CHECK (country ~ '^[A-Z]{2}$')",
]
RUNS = [
    "CREATE UNIQUE INDEX bulk_run_one_attendance ON bulk_run (event_id) WHERE kind = 'attendance'",
    """ALTER TABLE bulk_run ADD CONSTRAINT bulk_run_of_what
       CHECK ((kind = 'attendance') = (event_id IS NOT NULL))""",
]
RENEWAL = [
    """CREATE UNIQUE INDEX credit_once ON credit (person_id, certification_id, source, source_id)
       WHERE source_id IS NOT NULL AND state <> 'refused'""",
    "ALTER TABLE credit ADD CONSTRAINT credit_amount CHECK (amount > 0)",
    "ALTER TABLE credit ADD CONSTRAINT credit_spent CHECK (spent_on_id IS NULL OR state = 'approved')",
    """ALTER TABLE certification_policy ADD CONSTRAINT certification_policy_renewal
       CHECK (renewal_credits > 0 AND grace_days >= 0)""",
    "ALTER TABLE attendance_offer ADD CONSTRAINT attendance_offer_credits CHECK (credits_per_hour >= 0)",
]
EVENTS = [  # Tortoise cannot order migrations of relations across packages.
    "ALTER TABLE attendance_offer ADD FOREIGN KEY (event_id) REFERENCES event (id) ON DELETE CASCADE",
    "ALTER TABLE issue_request ADD FOREIGN KEY (event_id) REFERENCES event (id) ON DELETE RESTRICT",
    "ALTER TABLE certificate ADD FOREIGN KEY (event_id) REFERENCES event (id) ON DELETE RESTRICT",
    "ALTER TABLE bulk_run ADD FOREIGN KEY (event_id) REFERENCES event (id) ON DELETE RESTRICT",
]


class Migration(migrations.Migration):
    dependencies = [("certification", "0003_layouts_badges_runs")]
    operations = [
        ops.RunSQL(LAYOUTS),
        ops.RunSQL(KEYS),
        ops.RunSQL(BADGES),
        ops.RunSQL(CERTIFICATES),
        ops.RunSQL(RUNS),
        ops.RunSQL(RENEWAL),
        ops.RunSQL(EVENTS),
    ]
