"""People, organizations, roles, sign-in, API tokens and the audit log.

A person is one human with an account; an organization has members by roles, and a role may be narrowed to one event
or one certification by `scope_kind, scope_id`, without a foreign key, so that accounts never point upward.
Everything above calls `roles.require` and `audit.record`; nothing here imports events or certification.
"""
