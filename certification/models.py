"""All tables of `certification`, collected for Tortoise; each lives in the package that owns it."""

from certification.attendance.models import AttendanceOffer
from certification.badges.models import Badge, StatusList, StatusListPublication
from certification.bank.models import Item, ItemVersion
from certification.bulk.models import BulkLine, BulkRun
from certification.certificates.models import Certificate, DirectoryEntry, IssueRequest
from certification.exams.models import Attempt, Response, Result
from certification.layouts.models import Layout, LayoutPicture, LayoutVersion
from certification.programs.models import Certification, CertificationPolicy, Domain, Entitlement
from certification.renewal.models import Credit, RenewalReminder
from certification.signing.models import IssuerKey

__all__ = [
    "Attempt",
    "AttendanceOffer",
    "Badge",
    "BulkLine",
    "BulkRun",
    "Certificate",
    "Certification",
    "CertificationPolicy",
    "Credit",
    "DirectoryEntry",
    "Domain",
    "Entitlement",
    "IssueRequest",
    "IssuerKey",
    "Item",
    "ItemVersion",
    "Layout",
    "LayoutPicture",
    "LayoutVersion",
    "RenewalReminder",
    "Response",
    "Result",
    "StatusList",
    "StatusListPublication",
]
