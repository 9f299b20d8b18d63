from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from accounts.models import InvitationKind, Role, ScopeKind
from core.database import new_id
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields

CONSTRAINTS = [
    """ALTER TABLE invitation ADD CONSTRAINT invitation_once UNIQUE NULLS NOT DISTINCT
       (email, organization_id, kind, role, scope_kind, scope_id)""",
    """ALTER TABLE invitation ADD CONSTRAINT invitation_scope
       CHECK ((scope_kind = 'organization') = (scope_id IS NULL))""",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_role CHECK ((kind = 'role') = (role IS NOT NULL))",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_email_lower CHECK (email = lower(email))",
]


class Migration(migrations.Migration):
    dependencies = [('accounts', '0007_sign_up_links')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Invitation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='invitations', on_delete=OnDelete.CASCADE)),
                ('email', fields.CharField(db_index=True, max_length=254)),
                ('kind', fields.CharEnumField(description='role: role\nentitlement: entitlement', enum_type=InvitationKind, max_length=12)),
                ('role', fields.CharEnumField(null=True, description='owner: owner\norganizer: organizer\nprogramme_chair: programme_chair\nreviewer: reviewer\ncheck_in_staff: check_in_staff\nfinance: finance\nexam_author: exam_author\ngrader: grader\ncertification_officer: certification_officer\nproctor: proctor\nviewer: viewer', enum_type=Role, max_length=30)),
                ('scope_kind', fields.CharEnumField(default=ScopeKind.organization, description='organization: organization\nevent: event\ncertification: certification', enum_type=ScopeKind, max_length=20)),
                ('scope_id', fields.UUIDField(null=True)),
                ('terms', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('invited_by_id', fields.UUIDField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'invitation', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A role or an entitlement for an address that nobody has confirmed: it counts once its owner has, until it ends.'},
            bases=['Model'],
        ),
        ops.RunSQL(CONSTRAINTS),
    ]
