from tortoise import migrations
from tortoise.migrations import operations as ops
from core.database import new_id
from events.catalog.models import EventFormat, EventStatus
from events.programme.models import SessionKind
from events.registration.models import RegistrationStatus
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='CalendarFeed',
            fields=[
                ('person', fields.OneToOneField('accounts.Person', source_field='person_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='calendar_feed', on_delete=OnDelete.CASCADE)),
                ('token', fields.CharField(unique=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'calendar_feed', 'app': 'events', 'pk_attr': 'person_id', 'table_description': "The secret address of one person's calendar; making a new one ends the old."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Speaker',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='speakers', on_delete=OnDelete.RESTRICT)),
                ('person', fields.ForeignKeyField('accounts.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='speakers', on_delete=OnDelete.SET_NULL)),
                ('name', fields.CharField(max_length=200)),
                ('affiliation', fields.CharField(default='', db_default='', max_length=200)),
                ('biography', fields.TextField(default='', db_default='', unique=False)),
                ('biography_html', fields.TextField(default='', db_default='', unique=False)),
            ],
            options={'table': 'speaker', 'app': 'events', 'pk_attr': 'id', 'table_description': "Somebody who speaks at an organization's events; their row is the lock that keeps them in one place."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Venue',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='venues', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=200)),
                ('street', fields.CharField(default='', max_length=200)),
                ('postal_code', fields.CharField(default='', max_length=20)),
                ('city', fields.CharField(max_length=100)),
                ('region', fields.CharField(default='', max_length=100)),
                ('country', fields.CharField(max_length=2)),
            ],
            options={'table': 'venue', 'app': 'events', 'pk_attr': 'id', 'table_description': 'A place with an address; `country` is ISO 3166-1 alpha-2.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Event',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('accounts.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name='events', on_delete=OnDelete.RESTRICT)),
                ('slug', fields.CharField(unique=True, max_length=80)),
                ('title', fields.CharField(max_length=200)),
                ('summary', fields.CharField(default='', db_default='', max_length=300)),
                ('description', fields.TextField(default='', db_default='', unique=False)),
                ('description_html', fields.TextField(default='', db_default='', unique=False)),
                ('format', fields.CharEnumField(description='in_person: in_person\nonline: online\nhybrid: hybrid', enum_type=EventFormat, max_length=10)),
                ('status', fields.CharEnumField(default=EventStatus.draft, description='draft: draft\npublished: published\ncancelled: cancelled', enum_type=EventStatus, max_length=10)),
                ('starts_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('time_zone', fields.CharField(max_length=64)),
                ('languages', ArrayField(element_type='TEXT')),
                ('venue', fields.ForeignKeyField('events.Venue', source_field='venue_id', null=True, db_constraint=True, to_field='id', related_name='events', on_delete=OnDelete.RESTRICT)),
                ('online_url', fields.CharField(default='', db_default='', max_length=500)),
                ('registration_opens_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('registration_closes_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('sequence', fields.IntField(default=0, db_default=0)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('cancelled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('cancellation_reason', fields.CharField(default='', db_default='', max_length=500)),
                ('search_text', fields.TextField(default='', db_default='', unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'event', 'app': 'events', 'indexes': [Index(fields=['status', 'starts_at']), Index(fields=['organization_id', 'starts_at'])], 'pk_attr': 'id', 'table_description': 'Something people attend. Times are UTC; `time_zone` is the IANA zone they are shown in.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CheckInList',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='check_in_lists', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('position', fields.IntField(default=0, db_default=0)),
            ],
            options={'table': 'check_in_list', 'app': 'events', 'unique_together': (('event', 'name'),), 'pk_attr': 'id', 'table_description': 'A list that registrations are checked in at, such as the main entrance; every event has one from the start.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Quota',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='quotas', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('size', fields.IntField()),
                ('taken', fields.IntField(default=0, db_default=0)),
            ],
            options={'table': 'quota', 'app': 'events', 'pk_attr': 'id', 'table_description': 'A pool of places. `taken <= size` is a check constraint: the database refuses to oversell.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Room',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='rooms', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('capacity', fields.IntField(null=True)),
                ('features', fields.CharField(default='', db_default='', max_length=300)),
                ('position', fields.IntField(default=0, db_default=0)),
            ],
            options={'table': 'room', 'app': 'events', 'unique_together': (('event', 'name'),), 'pk_attr': 'id', 'table_description': 'A room, or an online stage, of one event.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('room', fields.ForeignKeyField('events.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(default=SessionKind.talk, description='talk: talk\nworkshop: workshop\nkeynote: keynote\npanel: panel\nbreak_: break\nexam_sitting: exam_sitting', enum_type=SessionKind, max_length=20)),
                ('title', fields.CharField(max_length=250)),
                ('abstract', fields.TextField(default='', db_default='', unique=False)),
                ('abstract_html', fields.TextField(default='', db_default='', unique=False)),
                ('track', fields.CharField(default='', db_default='', max_length=100)),
                ('language', fields.CharField(default='en', db_default='en', max_length=16)),
                ('starts_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('speakers', fields.ManyToManyField('events.Speaker', unique=True, db_constraint=True, through='session_speaker', forward_key='speaker_id', backward_key='session_id', related_name='sessions', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'session', 'app': 'events', 'indexes': [Index(fields=['event_id', 'starts_at'])], 'pk_attr': 'id', 'table_description': 'One item of the programme. Without room or time it is not scheduled yet.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TicketType',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='ticket_types', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('description', fields.CharField(default='', db_default='', max_length=300)),
                ('price_minor', fields.BigIntField(default=0, db_default=0)),
                ('currency', fields.CharField(default='EUR', db_default='EUR', max_length=3)),
                ('opens_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('closes_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('is_offered', fields.BooleanField(default=True, db_default=True)),
                ('position', fields.IntField(default=0, db_default=0)),
                ('quotas', fields.ManyToManyField('events.Quota', unique=True, db_constraint=True, through='ticket_type_quota', forward_key='quota_id', backward_key='ticket_type_id', related_name='ticket_types', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'ticket_type', 'app': 'events', 'unique_together': (('event', 'name'),), 'pk_attr': 'id', 'table_description': 'What is offered: a name, a price in minor units of `currency` (0 is free), a sale window, its quotas.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Registration',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('event', fields.ForeignKeyField('events.Event', source_field='event_id', db_constraint=True, to_field='id', related_name='registrations', on_delete=OnDelete.RESTRICT)),
                ('ticket_type', fields.ForeignKeyField('events.TicketType', source_field='ticket_type_id', db_constraint=True, to_field='id', related_name='registrations', on_delete=OnDelete.RESTRICT)),
                ('person', fields.ForeignKeyField('accounts.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='registrations', on_delete=OnDelete.RESTRICT)),
                ('attendee_name', fields.CharField(max_length=200)),
                ('code', fields.CharField(unique=True, max_length=26)),
                ('status', fields.CharEnumField(default=RegistrationStatus.confirmed, description='pending_approval: pending_approval\npending_payment: pending_payment\nconfirmed: confirmed\ncancelled: cancelled\ndeclined: declined\nexpired: expired', enum_type=RegistrationStatus, max_length=20)),
                ('locale', fields.CharField(default='en', db_default='en', max_length=16)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('cancelled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'registration', 'app': 'events', 'indexes': [Index(fields=['event_id', 'created_at', 'id']), Index(fields=['person_id', 'created_at'])], 'pk_attr': 'id', 'table_description': "One person's place at one event. `code` is the secret in the QR ticket."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CheckIn',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('check_in_list', fields.ForeignKeyField('events.CheckInList', source_field='check_in_list_id', db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.CASCADE)),
                ('registration', fields.ForeignKeyField('events.Registration', source_field='registration_id', db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.RESTRICT)),
                ('checked_in_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('checked_in_by_id', fields.UUIDField(null=True)),
            ],
            options={'table': 'check_in', 'app': 'events', 'unique_together': (('check_in_list', 'registration'),), 'pk_attr': 'id', 'table_description': 'One scan of one registration at one check-in list; unique, so that a second scan finds the first.'},
            bases=['Model'],
        ),
    ]
