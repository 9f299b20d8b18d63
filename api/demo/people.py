"""Who is in the demo: one person in every role with the same password, and names for the crowd. All are invented."""

from accounts.models import Role

PASSWORD = "meridian demo 2026"

STAFF: tuple[tuple[Role, str, str], ...] = (
    (Role.owner, "owner@example.org", "Wanjiru Kamau"),
    (Role.organizer, "organizer@example.org", "Lucas Moreau"),
    (Role.programme_chair, "chair@example.org", "Priya Raghunathan"),
    (Role.reviewer, "reviewer@example.org", "Bartosz Wiśniewski"),
    (Role.check_in_staff, "door@example.org", "Achieng Odhiambo"),
    (Role.finance, "finance@example.org", "Ingrid Solheim"),
    (Role.exam_author, "author@example.org", "Tomáš Dvořák"),
    (Role.grader, "grader@example.org", "Leïla Haddad"),
    (Role.certification_officer, "officer@example.org", "Nguyễn Thị Hương"),
    (Role.proctor, "proctor@example.org", "Yusuf Demir"),
    (Role.viewer, "viewer@example.org", "Hiroshi Tanabe"),
)
LEARNER = ("learner@example.org", "Zuri Abdi")
ATTENDEE = ("attendee@example.org", "Élodie Dupré")

SIGN_INS: list[tuple[str, str, str]] = [
    *((role.value.replace("_", " "), email, PASSWORD) for role, email, _ in STAFF),
    ("learner", LEARNER[0], PASSWORD),
    ("attendee", ATTENDEE[0], PASSWORD),
]
"""What `make run` prints: role, e-mail, password."""

_GIVEN = """
    Aisha Amadou Anaïs Andrzej Ayşe Beatriz Bilal Chloé Chidi Dagmar Daniel Efua Elif Emeka Farid Freya Gabriela Hana
    Hassan Ines Ioana Jabari Jing Juma Kasia Kofi Lena Linh Malik Mariam Matteo Mei Milan Naledi Niamh Noor Olek Omar
    Paloma Petra Rafael Rania Ravi Sana Sofia Sven Thandi Tariq Uma Viktor Wafula Ximena Yara Yuki Zanele Zofia
"""
_FAMILY = """
    Abebe Achterberg Adeyemi Almeida Banda Bianchi Castillo Chen Dąbrowski Diop Eriksson Fofanah Fernández García
    Hakimi Horvat Ito Jansen Juma Kamara Kimani Kowalczyk Lefèvre Lindqvist Mbeki Mendes Mwangi Müller Nakamura
    Ndiaye Nowak Ochieng Okonkwo Oliveira Otieno Papadakis Pham Quispe Rao Rossi Sato Schmidt Sithole Šimić Tanaka
    Tesfaye Toure Ünal Vargas Wójcik Yamada Zhang Zulu
"""


def crowd_name(number: int) -> str:
    """The name of the crowd's person `number`; repeats after some thousands, as names do."""
    given, family = _GIVEN.split(), _FAMILY.split()
    return f"{given[number * 7 % len(given)]} {family[(number * 11 + number // 55) % len(family)]}"
