"""The programme of the demo's conference in Paris: 40 sessions in 3 rooms on 2 days. All people are invented."""

from dataclasses import dataclass
from datetime import time

ROOMS = (("Grand Amphithéâtre", 800), ("Salle Curie", 220), ("Salle Germain", 120))

SPEAKERS: dict[str, str] = {
    "Amara Diallo": "Sahel Data Lab",
    "Bartosz Wiśniewski": "Politechnika Otwarta",
    "Chen Yulan": "Open Compute Collective",
    "Dagný Jónsdóttir": "Norðurljós Research",
    "Eitan Barak": "Negev Systems",
    "Fatima Zahra El Idrissi": "Atlas Open Source",
    "Giulia Conti": "Biblioteca Aperta",
    "Hiroshi Tanabe": "Kansai Free Software",
    "Ingrid Solheim": "Fjordnett",
    "João Pedro Nogueira": "Rede Livre",
    "Kwame Boateng": "Accra Makers",
    "Leïla Haddad": "Université de Carthage",
    "Mateusz Zieliński": "Wolne Dane",
    "Nguyễn Thị Hương": "Hà Nội Open Lab",
    "Oksana Kovalenko": "Вільний код",
    "Priya Raghunathan": "Chennai Public Software",
    "Quentin Lemaire": "Atelier Libre",
    "Rosa Villanueva": "Datos Abiertos del Sur",
    "Siobhán Ní Bhriain": "Foinse Oscailte",
    "Tomáš Dvořák": "Svobodná věda",
    "Uchenna Okafor": "Lagos Civic Tech",
    "Valentina Ricci": "Codice Comune",
    "Wanjiru Kamau": "Nairobi Commons",
    "Yusuf Demir": "Anadolu Açık Kaynak",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One session of the demo's programme; `day` counts from 0, `room` is an index into ROOMS."""

    day: int
    room: int
    starts: time
    minutes: int
    kind: str
    title: str
    speakers: tuple[str, ...]
    track: str


_SLOTS = (
    (time(11, 0), time(11, 45), time(14, 0), time(14, 45), time(16, 0), time(16, 45)),
    (time(10, 45), time(11, 30), time(13, 45), time(14, 30), time(15, 45), time(16, 30)),
)
_TALKS: tuple[tuple[str, str, str], ...] = (
    ("Fourteen clinics, one record: open health data in the Sahel", "Amara Diallo", "Public good"),
    ("What a licence cannot promise", "Giulia Conti", "Governance"),
    ("Reading a core dump without fear", "Hiroshi Tanabe", "Systems"),
    ("A city that publishes its bus times", "Rosa Villanueva", "Public good"),
    ("Voting without losers: consent in a large project", "Ingrid Solheim", "Governance"),
    ("Containers from first principles", "Kwame Boateng", "Systems"),
    ("Maps after the flood", "Priya Raghunathan", "Public good"),
    ("Paying maintainers: five models and their price", "Quentin Lemaire", "Governance"),
    ("Postgres at the edge of a lake", "Wanjiru Kamau", "Systems"),
    ("Translating documentation into nine languages at once", "Oksana Kovalenko", "Community"),
    ("Reproducible papers, three years later", "Tomáš Dvořák", "Research"),
    ("The queue that was a table", "Bartosz Wiśniewski", "Systems"),
    ("First contribution, second contribution", "Uchenna Okafor", "Community"),
    ("Sharing data about people who said maybe", "Leïla Haddad", "Research"),
    ("Signing everything we release", "Eitan Barak", "Security"),
    ("Mentoring across time zones", "Siobhán Ní Bhriain", "Community"),
    ("A laboratory notebook that is a repository", "Dagný Jónsdóttir", "Research"),
    ("Threat models for volunteers", "Fatima Zahra El Idrissi", "Security"),
    ("Libraries as public computing rooms", "Giulia Conti", "Public good"),
    ("Charters that people read", "João Pedro Nogueira", "Governance"),
    ("Profiling a slow page in twenty minutes", "Mateusz Zieliński", "Systems"),
    ("Open hardware for a seed bank", "Nguyễn Thị Hương", "Public good"),
    ("When the founder leaves", "Valentina Ricci", "Governance"),
    ("Build once, verify everywhere", "Chen Yulan", "Systems"),
    ("Counting water with paper and sensors", "Amara Diallo", "Public good"),
    ("The politics of default settings", "Yusuf Demir", "Governance"),
    ("Garbage collectors we have known", "Hiroshi Tanabe", "Systems"),
    ("Sign languages at conferences: a how-to", "Siobhán Ní Bhriain", "Community"),
    ("Peer review for code", "Tomáš Dvořák", "Research"),
    ("Passkeys for a village", "Eitan Barak", "Security"),
    ("How forty strangers wrote a style guide", "Rosa Villanueva", "Community"),
    ("Weather models on donated machines", "Dagný Jónsdóttir", "Research"),
    ("Rotating keys without a bad night", "Fatima Zahra El Idrissi", "Security"),
    ("Hackathons that leave something behind", "Uchenna Okafor", "Community"),
    ("A dictionary that anyone may correct", "Oksana Kovalenko", "Research"),
    ("Updating ten thousand routers", "Chen Yulan", "Security"),
)


def programme() -> list[Planned]:
    """All 40 sessions: opening, two keynotes, 36 talks, closing panel."""
    sessions = [
        Planned(0, 0, time(9, 0), 20, "talk", "Opening", ("Wanjiru Kamau",), "Plenary"),
        Planned(0, 0, time(9, 30), 60, "keynote", "Infrastructure is a promise", ("Leïla Haddad",), "Plenary"),
        Planned(1, 0, time(9, 30), 60, "keynote", "The commons at scale", ("Kwame Boateng",), "Plenary"),
        Planned(
            1, 0, time(17, 30), 45, "panel", "What we take home", ("Priya Raghunathan", "Quentin Lemaire"), "Plenary"
        ),
    ]
    for number, (title, speaker, track) in enumerate(_TALKS):
        day, place = divmod(number, 18)
        slot, room = divmod(place, 3)
        sessions.append(Planned(day, room, _SLOTS[day][slot], 40, "talk", title, (speaker,), track))
    return sessions
