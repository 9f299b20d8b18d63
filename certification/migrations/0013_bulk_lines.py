from tortoise import migrations
from tortoise.migrations import operations as ops

LINES = [
    "CREATE INDEX bulk_line_person ON bulk_line (person_id)",
    "CREATE INDEX bulk_line_email ON bulk_line ((given->>'email')) WHERE given ? 'email'",
    """CREATE UNIQUE INDEX bulk_line_one_registration ON bulk_line (run_id, (given->>'registration'))
       WHERE given ? 'registration'""",
]


class Migration(migrations.Migration):
    dependencies = [("certification", "0005_reason_of_request")]
    operations = [ops.RunSQL(LINES)]
