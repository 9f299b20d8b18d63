"""Training, exams and certificates.

Owns certifications and their policies (`programs`), certificates (`certificates`), items (`bank`), training
(`training`), exams (`exams`) and attendance certificates (`attendance`). Lower packages, later in that list's reverse
order, never import higher ones: `attendance -> exams -> training -> bank -> certificates -> programs`.
"""
