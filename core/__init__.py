"""Technology without product nouns.

Settings, database, jobs, announcements, mail, files, errors, languages and typesetting. Nothing here knows what an
event or a certificate is; every other package may import it and it imports none of them.
"""
