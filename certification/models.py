"""All tables of `certification`, collected for Tortoise; each lives in the package that owns it."""

from certification.bank.models import Item, ItemVersion
from certification.certificates.models import Certificate, IssueRequest
from certification.exams.models import Attempt, Response, Result
from certification.programs.models import Certification, CertificationPolicy, Domain, Entitlement

__all__ = [
    "Attempt",
    "Certificate",
    "Certification",
    "CertificationPolicy",
    "Domain",
    "Entitlement",
    "IssueRequest",
    "Item",
    "ItemVersion",
    "Response",
    "Result",
]
