"""The whole table of pages. A test walks it and fails on a route without a declared audience."""

from api.pages import certificates, outbox, verify
from api.routing import Audience, Page

PAGES: list[Page] = [
    # --- Certificates ---
    Page(method="GET", path="/verify", handler=verify.start, audience=Audience.anyone),
    Page(method="POST", path="/verify/file", handler=verify.check_file, audience=Audience.anyone),
    Page(method="POST", path="/verify/{number}/file", handler=verify.check_file, audience=Audience.anyone),
    Page(method="GET", path="/verify/{number}", handler=verify.show, audience=Audience.anyone),
    Page(method="GET", path="/me/certificates", handler=certificates.mine, audience=Audience.signed_in),
    Page(
        method="GET", path="/me/certificates/{number}.pdf", handler=certificates.document, audience=Audience.signed_in
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/certificates",
        handler=certificates.of_certification,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/certificates/{number}", handler=certificates.manage, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/certificates/{number}/{verb}",
        handler=certificates.change_status,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/issue-requests/{id:uuid}/retry",
        handler=certificates.retry,
        audience=Audience.staff,
    ),
    # --- Development ---
    Page(method="GET", path="/dev/outbox", handler=outbox.index, audience=Audience.development),
    Page(method="GET", path="/dev/outbox/{id:uuid}", handler=outbox.show, audience=Audience.development),
    Page(method="GET", path="/dev/outbox/{id:uuid}/html", handler=outbox.html_part, audience=Audience.development),
    Page(
        method="GET",
        path="/dev/outbox/{id:uuid}/attachments/{index:int}",
        handler=outbox.attachment,
        audience=Audience.development,
    ),
]
