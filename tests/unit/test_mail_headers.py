"""Subjects and names in the headers of a mail: decoded by RFC 2047, they are what was written."""

import random
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from core.mail import wire_form
from tests import shared

WORDS = {
    "ar": "تذكرتك المؤتمر الدولي للأنظمة المفتوحة ومجتمعات البرمجيات الحرة في نيروبي ٢٠٢٧ علی‌رضا",
    "en": "Your certificate: Kubernetes & “Cloud” — Associate, 2nd edition; the very long-winded internationalisation",
    "fr": "Votre billet : les 2027 débutants de Conférence communautés et pour développement à l’été œuvre",
    "ja": "国際会議 オープンソース 認定証 の お知らせ 東京 二〇二七年 参加者 各位",
    "mixed": "Zoë 🎉 Łódź Αθήνα Київ नमस्ते 日本 a b c 1.0 (beta) <x> a,b; c:d e@f.g “quoted” it's",
    "vi": "Vé của bạn: Hội nghị quốc tế về hệ thống mở và cộng đồng phần mềm nguồn mở Việt Nam 2027",
}


def titles(language: str, count: int = 300) -> list[str]:
    """Random titles of one to thirty words; the same at every run."""
    chance, words = random.Random(language), WORDS[language].split()
    return [" ".join(chance.choices(words, k=chance.randint(1, 30)))[:300].strip() for _ in range(count)]


def sent(subject: str, name: str) -> bytes:
    message = EmailMessage()
    message["From"] = Address(display_name=name, addr_spec="events@example.org")
    message["To"] = Address(display_name=name, addr_spec="amina@example.org")
    message["Subject"] = subject
    message.set_content("Words")
    return wire_form(message)


def assert_says(subject: str, name: str) -> None:
    """What readers make of it, and the lengths of lines that RFC 2047 and RFC 5322 allow.

    Names are read by the email package's old parser: its new one shows a space between two encoded words of a name,
    which RFC 2047 section 6.2 forbids.
    """
    raw = sent(subject, name)
    head = raw.split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= (76 if b"=?utf-8?" in line.lower() else 998) for line in head.split(b"\r\n"))
    new, old = message_from_bytes(raw, policy=policy.SMTP), message_from_bytes(raw)
    assert str(new["Subject"]) == subject
    assert str(make_header(decode_header(old["Subject"].replace("\r\n", "")))) == subject
    for header in ("To", "From"):
        said, spec = parseaddr(old[header].replace("\r\n", ""))
        assert (str(make_header(decode_header(said))), spec.partition("@")[2]) == (name, "example.org")


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_space_of_300_titles_and_names_arrives(language: str) -> None:
    for title in titles(language):
        assert_says(title, title[:200].strip())


@pytest.mark.parametrize("file", ["subjects.txt", "names.txt"])
def test_titles_and_names_from_reports_arrive_as_written(file: str) -> None:
    for text in shared.content("reports", file).decode().splitlines():
        assert_says(text, text)


def test_a_long_address_without_a_name_stands_on_the_line_of_its_header() -> None:
    message = EmailMessage()
    message["To"] = Address(addr_spec=f"{'a' * 60}@{'b' * 30}.example.org")
    message.set_content("Words")
    assert all(line.strip(b" ").partition(b":")[2] for line in wire_form(message).split(b"\r\n\r\n")[0].split(b"\r\n"))
