"""What roles, scopes and audited acts are called on pages and in mails."""

from accounts.models import Role
from core.i18n import gettext as _


def role_name(role: Role) -> str:
    """The role's name in the reader's language."""
    return {
        Role.owner: _("Owner"),
        Role.organizer: _("Organizer"),
        Role.programme_chair: _("Programme chair"),
        Role.reviewer: _("Reviewer"),
        Role.check_in_staff: _("Check-in staff"),
        Role.finance: _("Finance"),
        Role.exam_author: _("Exam author"),
        Role.grader: _("Grader"),
        Role.certification_officer: _("Certification officer"),
        Role.proctor: _("Proctor"),
        Role.viewer: _("Viewer"),
    }[role]


def role_help(role: Role) -> str:
    """What the role is for, in one sentence."""
    return {
        Role.owner: _("Everything, members and settings included."),
        Role.organizer: _("Creates and runs events."),
        Role.programme_chair: _("Makes the programme of events."),
        Role.reviewer: _("Reads events and reviews proposals."),
        Role.check_in_staff: _("Scans tickets at the door."),
        Role.finance: _("Sees registrations."),
        Role.exam_author: _("Creates certifications and writes their items."),
        Role.grader: _("Marks answers that need a human."),
        Role.certification_officer: _("Grants entitlements, issues and revokes certificates."),
        Role.proctor: _("Watches over exams."),
        Role.viewer: _("Sees everything but people, changes nothing."),
    }[role]


def act_name(action: str) -> str:
    """An audited act in plain words: `member.granted` is “Member granted”."""
    return action.replace(".", " ").replace("_", " ").capitalize()
