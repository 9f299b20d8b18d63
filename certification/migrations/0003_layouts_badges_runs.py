from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from certification.badges.models import StatusPurpose
from certification.bulk.models import LineState, RunKind, RunState
from certification.certificates.models import SourceKind
from certification.signing.levels import SignatureLevel
from certification.renewal.models import CreditSource, CreditState
from core.database import new_id
from decimal import Decimal
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('certification', '0002_constraints')]

    initial = False

    operations = [
        ops.CreateModel(
            name='BulkRun',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='bulk_runs', on_delete=OnDelete.RESTRICT)),
                ('certification', fields.ForeignKeyField('certification.Certification', source_field='certification_id', null=True, db_constraint=True, to_field='id', related_name='bulk_runs', on_delete=OnDelete.RESTRICT)),
                ('event_id', fields.UUIDField(null=True)),
                ('kind', fields.CharEnumField(description='issue: issue\nresend: resend\nrevoke: revoke\nattendance: attendance', enum_type=RunKind, max_length=12)),
                ('state', fields.CharEnumField(default=RunState.draft, description='draft: draft\nrunning: running\nfinished: finished\nstopped: stopped', enum_type=RunState, max_length=10)),
                ('parameters', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('source_name', fields.CharField(default='', db_default='', max_length=200)),
                ('created_by_id', fields.UUIDField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bulk_run', 'app': 'certification', 'indexes': [Index(fields=['organization_id', 'created_at'])], 'pk_attr': 'id', 'table_description': 'One run over many lines. `parameters` holds what all lines share, such as the reason of a revocation.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='BulkLine',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('run', fields.ForeignKeyField('certification.BulkRun', source_field='run_id', db_constraint=True, to_field='id', related_name='lines', on_delete=OnDelete.CASCADE)),
                ('position', fields.IntField()),
                ('given', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('person_id', fields.UUIDField(null=True)),
                ('certificate_id', fields.UUIDField(null=True)),
                ('state', fields.CharEnumField(default=LineState.ready, description='ready: ready\nrefused: refused\ndone: done\nfailed: failed', enum_type=LineState, max_length=10)),
                ('problem', fields.CharField(default='', db_default='', max_length=500)),
                ('done_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bulk_line', 'app': 'certification', 'unique_together': (('run', 'position'),), 'indexes': [Index(fields=['run_id', 'state', 'position'])], 'pk_attr': 'id', 'table_description': 'One line of a run: what was given, whom or what it concerns, and what came of it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Credit',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('certification', fields.ForeignKeyField('certification.Certification', source_field='certification_id', db_constraint=True, to_field='id', related_name='credits', on_delete=OnDelete.RESTRICT)),
                ('person', fields.ForeignKeyField('accounts.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='credits', on_delete=OnDelete.RESTRICT)),
                ('amount', fields.DecimalField(max_digits=6, decimal_places=2)),
                ('source', fields.CharEnumField(description='session: session\nevent: event\ncourse: course\nevidence: evidence', enum_type=CreditSource, max_length=10)),
                ('source_id', fields.UUIDField(null=True)),
                ('title', fields.CharField(max_length=200)),
                ('description', fields.CharField(default='', db_default='', max_length=1000)),
                ('evidence_sha256', fields.CharField(null=True, max_length=64)),
                ('evidence_name', fields.CharField(default='', db_default='', max_length=200)),
                ('earned_on', fields.DateField()),
                ('state', fields.CharEnumField(default=CreditState.claimed, description='claimed: claimed\napproved: approved\nrefused: refused', enum_type=CreditState, max_length=10)),
                ('reason', fields.CharField(default='', db_default='', max_length=500)),
                ('decided_by_id', fields.UUIDField(null=True)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('spent_on', fields.ForeignKeyField('certification.IssueRequest', source_field='spent_on_id', null=True, db_constraint=True, to_field='id', related_name='spent_credits', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'credit', 'app': 'certification', 'indexes': [Index(fields=['person_id', 'certification_id'])], 'pk_attr': 'id', 'table_description': 'Continuing education of one person towards one certification. `amount` is in credits, usually hours.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DirectoryEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('person', fields.OneToOneField('accounts.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='directory_entry', on_delete=OnDelete.CASCADE)),
                ('country', fields.CharField(max_length=2)),
                ('listed_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'directory_entry', 'app': 'certification', 'pk_attr': 'id', 'table_description': 'A holder who asked to be in the public directory of holders, and the country they gave (ISO 3166-1 alpha-2).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssuerKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='issuer_keys', on_delete=OnDelete.RESTRICT)),
                ('public_key', fields.CharField(unique=True, max_length=60)),
                ('sealed', fields.BinaryField(null=True)),
                ('token_label', fields.CharField(null=True, max_length=100)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('retired_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'issuer_key', 'app': 'certification', 'pk_attr': 'id', 'table_description': 'An Ed25519 key of an organization. One is in use; those retired stay published, so that old badges verify.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Layout',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='layouts', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=120)),
                ('origin', fields.CharField(null=True, max_length=20)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('archived_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'layout', 'app': 'certification', 'unique_together': (('organization', 'origin'),), 'pk_attr': 'id', 'table_description': 'A design of an organization. `origin` names the shipped one that it began as a copy of, once each.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AttendanceOffer',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event_id', fields.UUIDField(unique=True)),
                ('layout', fields.ForeignKeyField('certification.Layout', source_field='layout_id', null=True, db_constraint=True, to_field='id', related_name='attendance_offers', on_delete=OnDelete.RESTRICT)),
                ('is_on', fields.BooleanField(default=True, db_default=True)),
                ('statement', fields.CharField(default='', db_default='', max_length=500)),
                ('credits_per_hour', fields.DecimalField(default=Decimal('1.00'), max_digits=5, decimal_places=2)),
                ('certifications', fields.ManyToManyField('certification.Certification', unique=True, db_constraint=True, through='attendance_offer_certification', forward_key='certification_id', backward_key='attendance_offer_id', related_name='attendance_offers', on_delete=OnDelete.CASCADE)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'attendance_offer', 'app': 'certification', 'pk_attr': 'id', 'table_description': 'That an event confers certificates of attendance, how they look, and how many credits an hour is worth.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LayoutPicture',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='layout_pictures', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=120)),
                ('sha256', fields.CharField(max_length=64)),
                ('content_type', fields.CharField(max_length=40)),
                ('width', fields.IntField()),
                ('height', fields.IntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('archived_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'layout_picture', 'app': 'certification', 'unique_together': (('organization', 'sha256'),), 'pk_attr': 'id', 'table_description': 'A logo, signature, seal or background of an organization; its bytes lie in the file store by their SHA-256.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LayoutVersion',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('layout', fields.ForeignKeyField('certification.Layout', source_field='layout_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT)),
                ('version', fields.IntField()),
                ('definition', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('created_by_id', fields.UUIDField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'layout_version', 'app': 'certification', 'unique_together': (('layout', 'version'),), 'pk_attr': 'id', 'table_description': 'One state of a layout; a trigger refuses to change or delete it. `definition` is a `LayoutDefinition`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RenewalReminder',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('certificate', fields.ForeignKeyField('certification.Certificate', source_field='certificate_id', db_constraint=True, to_field='id', related_name='reminders', on_delete=OnDelete.CASCADE)),
                ('days_before', fields.IntField()),
                ('sent_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'renewal_reminder', 'app': 'certification', 'unique_together': (('certificate', 'days_before'),), 'pk_attr': 'id', 'table_description': 'A reminder that was sent: one for each certificate and distance.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StatusList',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='status_lists', on_delete=OnDelete.RESTRICT)),
                ('position', fields.IntField(default=1, db_default=1)),
                ('size', fields.IntField(default=131072, db_default=131072)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'status_list', 'app': 'certification', 'unique_together': (('organization', 'position'),), 'pk_attr': 'id', 'table_description': "Places of an organization's badges; the same place serves both purposes. A full one is followed by the next."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Badge',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('status_list', fields.ForeignKeyField('certification.StatusList', source_field='status_list_id', db_constraint=True, to_field='id', related_name='badges', on_delete=OnDelete.RESTRICT)),
                ('status_index', fields.IntField()),
                ('issuer_key', fields.ForeignKeyField('certification.IssuerKey', source_field='issuer_key_id', db_constraint=True, to_field='id', related_name='badges', on_delete=OnDelete.RESTRICT)),
                ('credential', fields.TextField(unique=False)),
                ('jwt', fields.TextField(unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'badge', 'app': 'certification', 'unique_together': (('status_list', 'status_index'),), 'pk_attr': 'id', 'table_description': 'A signed credential, frozen by a trigger: as JSON with a Data Integrity proof, and as a VC-JWT.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StatusListPublication',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('status_list', fields.ForeignKeyField('certification.StatusList', source_field='status_list_id', db_constraint=True, to_field='id', related_name='publications', on_delete=OnDelete.CASCADE)),
                ('purpose', fields.CharEnumField(description='revocation: revocation\nsuspension: suspension', enum_type=StatusPurpose, max_length=12)),
                ('document', fields.TextField(unique=False)),
                ('etag', fields.CharField(max_length=64)),
                ('published_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('valid_until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'status_list_publication', 'app': 'certification', 'unique_together': (('status_list', 'purpose'),), 'pk_attr': 'id', 'table_description': 'The signed list as it is served, replaced whenever a bit changes or its validity nears its end.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='Certificate',
            name='certification',
            field=fields.ForeignKeyField('certification.Certification', source_field='certification_id', null=True, db_constraint=True, to_field='id', related_name='certificates', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Certificate',
            name='badge',
            field=fields.OneToOneField('certification.Badge', source_field='badge_id', null=True, db_constraint=True, to_field='id', related_name='certificate', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Certificate',
            name='credits',
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.AddField(
            model_name='Certificate',
            name='event_id',
            field=fields.UUIDField(null=True, db_index=True),
        ),
        ops.AddField(
            model_name='Certificate',
            name='hours',
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.AddField(
            model_name='Certificate',
            name='is_name_hidden',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Certificate',
            name='layout_version',
            field=fields.ForeignKeyField('certification.LayoutVersion', source_field='layout_version_id', null=True, db_constraint=True, to_field='id', related_name='certificates', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Certificate',
            name='signature',
            field=fields.CharEnumField(default=SignatureLevel.none, description='none: none\nb_b: B-B\nb_t: B-T', db_default='none', enum_type=SignatureLevel, max_length=4),
        ),
        ops.AddIndex(
            model_name='Certificate',
            index=Index(fields=['certification_id', 'valid_until']),
        ),
        ops.AddField(
            model_name='Certification',
            name='layout',
            field=fields.ForeignKeyField('certification.Layout', source_field='layout_id', null=True, db_constraint=True, to_field='id', related_name='certifications', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='CertificationPolicy',
            name='grace_days',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='CertificationPolicy',
            name='renewal_credits',
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.AddField(
            model_name='CertificationPolicy',
            name='shows_score',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AlterField(
            model_name='IssueRequest',
            name='certification',
            field=fields.ForeignKeyField('certification.Certification', source_field='certification_id', null=True, db_constraint=True, to_field='id', related_name='issue_requests', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='IssueRequest',
            name='policy',
            field=fields.ForeignKeyField('certification.CertificationPolicy', source_field='policy_id', null=True, db_constraint=True, to_field='id', related_name='issue_requests', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='IssueRequest',
            name='source_kind',
            field=fields.CharEnumField(description='attempt: attempt\nattendance: attendance\ncorrection: correction\nbulk_line: bulk_line\ncredits: credits', enum_type=SourceKind, max_length=20),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='achievement',
            field=fields.CharField(default='', db_default='', max_length=200),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='credits',
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='event_id',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='hours',
            field=fields.DecimalField(null=True, max_digits=6, decimal_places=2),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='layout',
            field=fields.ForeignKeyField('certification.Layout', source_field='layout_id', null=True, db_constraint=True, to_field='id', related_name='issue_requests', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='organization',
            field=fields.ForeignKeyField('accounts.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name='issue_requests', on_delete=OnDelete.RESTRICT),
        ),
        ops.RunSQL(
            "UPDATE issue_request r SET organization_id = c.organization_id FROM certification c"
            " WHERE c.id = r.certification_id"
        ),
        ops.AlterField(
            model_name='IssueRequest',
            name='organization',
            field=fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='issue_requests', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='predecessor',
            field=fields.ForeignKeyField('certification.Certificate', source_field='predecessor_id', null=True, db_constraint=True, to_field='id', related_name='corrections', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='IssueRequest',
            name='statement',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
    ]
