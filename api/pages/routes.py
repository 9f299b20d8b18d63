"""The whole table of pages. A test walks it and fails on a route without a declared audience."""

from api.pages import (
    attendance,
    badges,
    calendars,
    candidates,
    certificates,
    certifications,
    check_in,
    credits,
    directory,
    events,
    exams,
    grading,
    home,
    items,
    layout_pictures,
    layouts,
    lookup,
    me,
    my_certificates,
    organizations,
    organize_certifications,
    organize_events,
    organize_registrations,
    outbox,
    password_reset,
    profile,
    programme,
    registrations,
    renewal,
    runs,
    sign_in,
    sign_up,
    tickets,
    verify,
)
from api.routing import Audience, Page

PAGES: list[Page] = [
    # --- Events and programme ---
    Page(method="GET", path="/events", handler=events.index, audience=Audience.anyone),
    Page(method="GET", path="/events/{slug}", handler=events.show, audience=Audience.anyone),
    Page(method="GET", path="/events/{slug}/calendar.ics", handler=events.calendar_file, audience=Audience.anyone),
    Page(method="GET", path="/organize/{slug}/events/new", handler=organize_events.new, audience=Audience.staff),
    Page(method="POST", path="/organize/{slug}/events/new", handler=organize_events.create, audience=Audience.staff),
    Page(method="GET", path="/organize/events/{slug}", handler=organize_events.overview, audience=Audience.staff),
    Page(method="GET", path="/organize/events/{slug}/edit", handler=organize_events.edit, audience=Audience.staff),
    Page(method="POST", path="/organize/events/{slug}/edit", handler=organize_events.save, audience=Audience.staff),
    Page(
        method="POST", path="/organize/events/{slug}/publish", handler=organize_events.publish, audience=Audience.staff
    ),
    Page(
        method="GET", path="/organize/events/{slug}/cancel", handler=organize_events.ask_cancel, audience=Audience.staff
    ),
    Page(method="POST", path="/organize/events/{slug}/cancel", handler=organize_events.cancel, audience=Audience.staff),
    Page(
        method="GET", path="/organize/events/{slug}/rooms", handler=organize_events.list_rooms, audience=Audience.staff
    ),
    Page(
        method="POST", path="/organize/events/{slug}/rooms", handler=organize_events.add_room, audience=Audience.staff
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/rooms/{id:uuid}",
        handler=organize_events.edit_room,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/rooms/{id:uuid}",
        handler=organize_events.save_room,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/rooms/{id:uuid}/remove",
        handler=organize_events.remove_room,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/events/{slug}/programme", handler=programme.show, audience=Audience.staff),
    Page(
        method="GET",
        path="/organize/events/{slug}/programme/sessions/new",
        handler=programme.new_session,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/programme/sessions/new",
        handler=programme.create_session,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/programme/sessions/{id:uuid}",
        handler=programme.edit_session,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/programme/sessions/{id:uuid}",
        handler=programme.save_session,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/programme/sessions/{id:uuid}/remove",
        handler=programme.remove_session,
        audience=Audience.staff,
    ),
    Page(
        method="GET", path="/organize/events/{slug}/speakers", handler=programme.list_speakers, audience=Audience.staff
    ),
    Page(
        method="POST", path="/organize/events/{slug}/speakers", handler=programme.add_speaker, audience=Audience.staff
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/speakers/{id:uuid}",
        handler=programme.edit_speaker,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/speakers/{id:uuid}",
        handler=programme.save_speaker,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/speakers/{id:uuid}/remove",
        handler=programme.remove_speaker,
        audience=Audience.staff,
    ),
    # --- Exams ---
    Page(method="GET", path="/certifications/{slug}/start", handler=exams.prepare, audience=Audience.signed_in),
    Page(method="POST", path="/certifications/{slug}/start", handler=exams.start, audience=Audience.signed_in),
    Page(
        method="POST",
        path="/certifications/{slug}/start/confirmation",
        handler=exams.send_confirmation,
        audience=Audience.signed_in,
    ),
    Page(method="GET", path="/me/exams", handler=exams.mine, audience=Audience.signed_in),
    Page(method="GET", path="/me/exams/{id:uuid}", handler=exams.show, audience=Audience.signed_in),
    Page(
        method="GET",
        path="/me/exams/{id:uuid}/certificate",
        handler=exams.certificate_state,
        audience=Audience.signed_in,
    ),
    Page(
        method="POST",
        path="/me/exams/{id:uuid}/responses/{position:int}",
        handler=exams.save,
        audience=Audience.signed_in,
    ),
    Page(
        method="GET", path="/me/exams/{id:uuid}/submit", handler=exams.confirm_submission, audience=Audience.signed_in
    ),
    Page(method="POST", path="/me/exams/{id:uuid}/submit", handler=exams.submit, audience=Audience.signed_in),
    # --- Certification programs ---
    Page(method="GET", path="/certifications", handler=certifications.index, audience=Audience.anyone),
    Page(method="GET", path="/certifications/{slug}", handler=certifications.show, audience=Audience.anyone),
    Page(
        method="GET",
        path="/organize/{slug}/certifications/new",
        handler=organize_certifications.new,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/certifications/new",
        handler=organize_certifications.create,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}",
        handler=organize_certifications.overview,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/edit",
        handler=organize_certifications.edit,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/edit",
        handler=organize_certifications.change,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/domains",
        handler=organize_certifications.domains,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/domains",
        handler=organize_certifications.set_domains,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/publish",
        handler=organize_certifications.publish,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/retire",
        handler=organize_certifications.retire,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/entitlements",
        handler=organize_certifications.show_entitlements,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/entitlements",
        handler=organize_certifications.grant,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/entitlements/{id:uuid}/revoke",
        handler=organize_certifications.revoke_entitlement,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/candidates",
        handler=candidates.index,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/candidates/{id:uuid}",
        handler=candidates.show,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/candidates/{id:uuid}/void",
        handler=candidates.void,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/certifications/{slug}/grading", handler=grading.index, audience=Audience.staff),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/grading/{id:uuid}",
        handler=grading.show,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/grading/{id:uuid}",
        handler=grading.mark,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/certifications/{slug}/items", handler=items.index, audience=Audience.staff),
    Page(method="GET", path="/organize/certifications/{slug}/items/new", handler=items.new, audience=Audience.staff),
    Page(
        method="POST", path="/organize/certifications/{slug}/items/new", handler=items.create, audience=Audience.staff
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/items/import",
        handler=items.start_import,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/items/import",
        handler=items.import_file,
        audience=Audience.staff,
    ),
    Page(
        method="GET", path="/organize/certifications/{slug}/items/export", handler=items.export, audience=Audience.staff
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/items/{id:uuid}",
        handler=items.show,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/items/{id:uuid}",
        handler=items.change,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/items/{id:uuid}/versions/{version:int}",
        handler=items.version,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/items/{id:uuid}/retire",
        handler=items.retire,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/items/{id:uuid}/restore",
        handler=items.restore,
        audience=Audience.staff,
    ),
    # --- Certificates ---
    Page(method="GET", path="/verify", handler=verify.start, audience=Audience.anyone),
    Page(method="POST", path="/verify/file", handler=verify.check_file, audience=Audience.anyone),
    Page(method="POST", path="/verify/{number}/file", handler=verify.check_file, audience=Audience.anyone),
    Page(method="GET", path="/verify/several", handler=lookup.start, audience=Audience.anyone),
    Page(method="POST", path="/verify/several", handler=lookup.look_up, audience=Audience.anyone),
    Page(method="POST", path="/verify/several.csv", handler=lookup.as_csv, audience=Audience.anyone),
    Page(method="GET", path="/verify/{number}", handler=verify.show, audience=Audience.anyone),
    Page(method="GET", path="/achievements/{id:uuid}", handler=badges.achievement, audience=Audience.anyone),
    Page(
        method="GET", path="/achievements/{id:uuid}/image.png", handler=badges.achievement_png, audience=Audience.anyone
    ),
    Page(
        method="GET", path="/achievements/{id:uuid}/image.svg", handler=badges.achievement_svg, audience=Audience.anyone
    ),
    Page(method="GET", path="/status-lists/{id:uuid}/{purpose}", handler=badges.status_list, audience=Audience.anyone),
    Page(
        method="GET", path="/certificates/{number}/badge.{form}", handler=badges.badge, audience=Audience.signed_in
    ),
    Page(method="GET", path="/me/certificates", handler=certificates.mine, audience=Audience.signed_in),
    Page(
        method="GET", path="/me/certificates/{number}.pdf", handler=certificates.document, audience=Audience.signed_in
    ),
    Page(
        method="GET", path="/me/transcript.pdf", handler=my_certificates.transcript, audience=Audience.signed_in
    ),
    Page(method="GET", path="/me/wallet.zip", handler=my_certificates.wallet, audience=Audience.signed_in),
    Page(
        method="GET",
        path="/me/certificates/{number}",
        handler=my_certificates.show,
        audience=Audience.signed_in,
    ),
    Page(
        method="POST",
        path="/me/certificates/{number}/privacy",
        handler=my_certificates.change_privacy,
        audience=Audience.signed_in,
    ),
    Page(method="GET", path="/directory", handler=directory.index, audience=Audience.anyone),
    Page(method="POST", path="/me/directory", handler=directory.join, audience=Audience.signed_in),
    Page(method="POST", path="/me/directory/leave", handler=directory.leave, audience=Audience.signed_in),
    Page(method="GET", path="/me/certificates/{number}/renewal", handler=renewal.show, audience=Audience.signed_in),
    Page(method="POST", path="/me/certificates/{number}/renewal", handler=renewal.renew, audience=Audience.signed_in),
    Page(method="POST", path="/me/certificates/{number}/credits", handler=renewal.claim, audience=Audience.signed_in),
    Page(
        method="POST",
        path="/me/certificates/{number}/credits/{id:uuid}/withdraw",
        handler=renewal.withdraw,
        audience=Audience.signed_in,
    ),
    Page(
        method="GET",
        path="/me/credits/{id:uuid}/evidence",
        handler=renewal.show_evidence,
        audience=Audience.signed_in,
    ),
    Page(method="GET", path="/organize/certifications/{slug}/credits", handler=credits.index, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/credits/{id:uuid}/decide",
        handler=credits.decide,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/credits/{id:uuid}/reopen",
        handler=credits.reopen,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/credits/{id:uuid}/evidence",
        handler=credits.show_evidence,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/certificates",
        handler=certificates.of_certification,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/runs",
        handler=runs.index,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/runs/new/{kind}",
        handler=runs.new,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/runs/new/{kind}",
        handler=runs.plan,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/runs/{id:uuid}",
        handler=runs.show,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/runs/{id:uuid}/progress",
        handler=runs.progress,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/certifications/{slug}/runs/{id:uuid}/report.csv",
        handler=runs.report_file,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/certifications/{slug}/runs/{id:uuid}/{verb}",
        handler=runs.act,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/certificates/{number}", handler=certificates.manage, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/certificates/{number}/correct",
        handler=certificates.correct,
        audience=Audience.staff,
    ),
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
    # --- Layouts ---
    Page(method="GET", path="/organize/{slug}/layouts", handler=layouts.index, audience=Audience.staff),
    Page(method="GET", path="/organize/{slug}/layouts/new", handler=layouts.new, audience=Audience.staff),
    Page(method="POST", path="/organize/{slug}/layouts/new", handler=layouts.create, audience=Audience.staff),
    Page(
        method="GET", path="/organize/{slug}/layouts/pictures", handler=layout_pictures.index, audience=Audience.staff
    ),
    Page(
        method="POST", path="/organize/{slug}/layouts/pictures", handler=layout_pictures.upload, audience=Audience.staff
    ),
    Page(
        method="GET",
        path="/organize/{slug}/layouts/pictures/{id:uuid}",
        handler=layout_pictures.content,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/pictures/{id:uuid}/rename",
        handler=layout_pictures.rename,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/pictures/{id:uuid}/archive",
        handler=layout_pictures.archive,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/pictures/{id:uuid}/restore",
        handler=layout_pictures.restore,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/{slug}/layouts/{id:uuid}", handler=layouts.edit, audience=Audience.staff),
    Page(method="POST", path="/organize/{slug}/layouts/{id:uuid}", handler=layouts.submit, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/{id:uuid}/preview",
        handler=layouts.show_preview,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/{id:uuid}/sample.pdf",
        handler=layouts.sample_of_form,
        audience=Audience.staff,
    ),
    Page(
        method="POST", path="/organize/{slug}/layouts/{id:uuid}/rename", handler=layouts.rename, audience=Audience.staff
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/{id:uuid}/archive",
        handler=layouts.archive,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/{id:uuid}/restore",
        handler=layouts.restore,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/{slug}/layouts/{id:uuid}/versions/{version:int}",
        handler=layouts.version,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/{slug}/layouts/{id:uuid}/versions/{version:int}/picture.png",
        handler=layouts.version_picture,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/{slug}/layouts/{id:uuid}/versions/{version:int}/sample.pdf",
        handler=layouts.version_sample,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/layouts/{id:uuid}/versions/{version:int}/restore",
        handler=layouts.restore_version,
        audience=Audience.staff,
    ),
    # --- Home ---
    Page(method="GET", path="/me", handler=me.home, audience=Audience.signed_in),
    Page(method="GET", path="/organize", handler=me.organize, audience=Audience.signed_in),
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
    # --- Accounts --- (last: /organize/{slug}/… must not catch what stands above)
    Page(method="GET", path="/", handler=home.show, audience=Audience.anyone),
    Page(method="GET", path="/sign-in", handler=sign_in.show, audience=Audience.anyone),
    Page(method="POST", path="/sign-in", handler=sign_in.submit, audience=Audience.anyone),
    Page(method="POST", path="/sign-out", handler=sign_in.sign_out, audience=Audience.anyone),
    Page(method="GET", path="/sign-up", handler=sign_up.show, audience=Audience.anyone),
    Page(method="POST", path="/sign-up", handler=sign_up.submit, audience=Audience.anyone),
    Page(method="GET", path="/confirm/{token}", handler=sign_up.confirm, audience=Audience.anyone),
    Page(method="POST", path="/confirm/{token}", handler=sign_up.use_confirmation, audience=Audience.anyone),
    Page(method="GET", path="/reset", handler=password_reset.show, audience=Audience.anyone),
    Page(method="POST", path="/reset", handler=password_reset.submit, audience=Audience.anyone),
    Page(method="GET", path="/reset/{token}", handler=password_reset.choose, audience=Audience.anyone),
    Page(method="POST", path="/reset/{token}", handler=password_reset.set_password, audience=Audience.anyone),
    Page(method="GET", path="/me/profile", handler=profile.show, audience=Audience.signed_in),
    Page(method="POST", path="/me/profile", handler=profile.change, audience=Audience.signed_in),
    Page(method="POST", path="/me/profile/password", handler=profile.change_password, audience=Audience.signed_in),
    Page(method="POST", path="/me/profile/email", handler=profile.change_email, audience=Audience.signed_in),
    Page(
        method="POST", path="/me/profile/confirmation", handler=profile.send_confirmation, audience=Audience.signed_in
    ),
    Page(method="GET", path="/me/sessions", handler=profile.sessions, audience=Audience.signed_in),
    Page(
        method="POST", path="/me/sessions/end-others", handler=profile.end_other_sessions, audience=Audience.signed_in
    ),
    Page(method="POST", path="/me/sessions/{id:uuid}/end", handler=profile.end_session, audience=Audience.signed_in),
    Page(method="GET", path="/me/tokens", handler=profile.tokens, audience=Audience.signed_in),
    Page(method="POST", path="/me/tokens", handler=profile.create_token, audience=Audience.signed_in),
    Page(method="POST", path="/me/tokens/{id:uuid}/revoke", handler=profile.revoke_token, audience=Audience.signed_in),
    Page(method="GET", path="/me/data", handler=profile.data, audience=Audience.signed_in),
    Page(method="GET", path="/me/erase", handler=profile.ask_erasure, audience=Audience.signed_in),
    Page(method="POST", path="/me/erase", handler=profile.erase, audience=Audience.signed_in),
    Page(
        method="GET",
        path="/organizations/{slug}/accent.css",
        handler=organizations.accent_style,
        audience=Audience.anyone,
    ),
    Page(method="GET", path="/organizations/{slug}/did.json", handler=badges.did_document, audience=Audience.anyone),
    Page(method="GET", path="/organize/{slug}/keys", handler=badges.show_keys, audience=Audience.staff),
    Page(method="POST", path="/organize/{slug}/keys", handler=badges.make_key, audience=Audience.staff),
    Page(method="GET", path="/organize/{slug}", handler=organizations.overview, audience=Audience.staff),
    Page(method="GET", path="/organize/{slug}/members", handler=organizations.show_members, audience=Audience.staff),
    Page(method="POST", path="/organize/{slug}/members", handler=organizations.add_member, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/{slug}/members/{id:uuid}/remove",
        handler=organizations.remove_member,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/{slug}/settings", handler=organizations.show_settings, audience=Audience.staff),
    Page(
        method="POST", path="/organize/{slug}/settings", handler=organizations.change_settings, audience=Audience.staff
    ),
    Page(
        method="GET", path="/organize/{slug}/chapters/new", handler=organizations.new_chapter, audience=Audience.staff
    ),
    Page(
        method="POST",
        path="/organize/{slug}/chapters/new",
        handler=organizations.create_chapter,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/{slug}/audit", handler=organizations.audit_log, audience=Audience.staff),
    Page(method="GET", path="/organize/{slug}/jobs", handler=organizations.show_jobs, audience=Audience.staff),
    Page(
        method="POST",
        path="/organize/{slug}/jobs/{job_id:int}/retry",
        handler=organizations.retry_job,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/{slug}/jobs/{job_id:int}/discard",
        handler=organizations.discard_job,
        audience=Audience.staff,
    ),
    # --- Registrations, tickets, check-in ---
    Page(method="GET", path="/events/{slug}/register", handler=registrations.ask, audience=Audience.signed_in),
    Page(method="POST", path="/events/{slug}/register", handler=registrations.create, audience=Audience.signed_in),
    Page(method="GET", path="/me/registrations", handler=registrations.index, audience=Audience.signed_in),
    Page(method="POST", path="/me/registrations/calendar", handler=calendars.renew, audience=Audience.signed_in),
    Page(method="POST", path="/me/registrations/calendar/end", handler=calendars.end, audience=Audience.signed_in),
    Page(method="GET", path="/me/registrations/{id:uuid}", handler=registrations.show, audience=Audience.signed_in),
    Page(
        method="POST",
        path="/me/registrations/{id:uuid}/cancel",
        handler=registrations.cancel,
        audience=Audience.signed_in,
    ),
    Page(
        method="GET",
        path="/me/registrations/{id:uuid}/ticket.pdf",
        handler=registrations.ticket_pdf,
        audience=Audience.signed_in,
    ),
    Page(
        method="GET",
        path="/me/registrations/{id:uuid}/event.ics",
        handler=registrations.event_ics,
        audience=Audience.signed_in,
    ),
    Page(method="GET", path="/calendars/{token}.ics", handler=calendars.show, audience=Audience.anyone),
    Page(
        method="GET",
        path="/organize/events/{slug}/registrations",
        handler=organize_registrations.index,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/registrations.csv",
        handler=organize_registrations.csv,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/registrations/{id:uuid}/cancel",
        handler=organize_registrations.cancel,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/events/{slug}/tickets", handler=tickets.index, audience=Audience.staff),
    Page(method="POST", path="/organize/events/{slug}/tickets", handler=tickets.create, audience=Audience.staff),
    Page(
        method="GET",
        path="/organize/events/{slug}/tickets/types/{id:uuid}",
        handler=tickets.edit,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/types/{id:uuid}",
        handler=tickets.save,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/types/{id:uuid}/withdraw",
        handler=tickets.withdraw,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/types/{id:uuid}/offer",
        handler=tickets.offer_again,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/quotas",
        handler=tickets.create_quota,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/tickets/quotas/{id:uuid}",
        handler=tickets.edit_quota,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/quotas/{id:uuid}",
        handler=tickets.save_quota,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/tickets/quotas/{id:uuid}/remove",
        handler=tickets.remove_quota,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/attendance",
        handler=attendance.show,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/attendance/settings",
        handler=attendance.edit,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/attendance/settings",
        handler=attendance.save,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/attendance/progress",
        handler=attendance.progress,
        audience=Audience.staff,
    ),
    Page(
        method="GET",
        path="/organize/events/{slug}/attendance/report.csv",
        handler=attendance.report_file,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/attendance/{verb}",
        handler=attendance.act,
        audience=Audience.staff,
    ),
    Page(method="GET", path="/organize/events/{slug}/check-in", handler=check_in.show, audience=Audience.staff),
    Page(method="POST", path="/organize/events/{slug}/check-in", handler=check_in.scan, audience=Audience.staff),
    Page(
        method="GET", path="/organize/events/{slug}/check-in/lists", handler=check_in.lists, audience=Audience.staff
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/check-in/lists/all",
        handler=check_in.switch_all,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/check-in/lists/{id:uuid}/{verb}",
        handler=check_in.switch,
        audience=Audience.staff,
    ),
    Page(
        method="POST",
        path="/organize/events/{slug}/check-in/{id:uuid}/undo",
        handler=check_in.undo,
        audience=Audience.staff,
    ),
]
