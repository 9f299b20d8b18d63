"""Documents that nobody holds, to look at a layout with: short and long names, several scripts, any language."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

from babel import Locale, UnknownLocaleError
from babel.dates import format_interval

from accounts.models import Organization
from certification.layouts.facts import SAMPLE, SAMPLE_ATTENDANCE, DocumentFacts
from core.settings import get_settings

Kind: TypeAlias = Literal["certification", "attendance"]


class SampleHolder(StrEnum):
    """Whose name stands on the sample."""

    short = "short"
    usual = "usual"
    long = "long"
    arabic = "arabic"
    thai = "thai"
    chinese = "chinese"


NAMES: Mapping[SampleHolder, str] = MappingProxyType(
    {
        SampleHolder.short: "Zoë Ng",
        SampleHolder.usual: SAMPLE.holder_name,
        SampleHolder.long: "Maria Fernanda Guadalupe Hernández-Villanueva de la Santísima Trinidad y Castellanos",
        SampleHolder.arabic: "عبد الرحمن بن محمد الخوارزمي",
        SampleHolder.thai: "กัญญารัตน์ เพ็ชรรุ่งเรืองวัฒนา",
        SampleHolder.chinese: "欧阳清源",
    }
)


def sample(organization: Organization, kind: Kind, holder: SampleHolder, language: str) -> DocumentFacts:
    """What a certificate of the organization would say, in `language` (BCP 47), its number being nobody's."""
    base = SAMPLE_ATTENDANCE if kind == "attendance" else SAMPLE
    return replace(
        base,
        holder_name=NAMES[holder],
        organization=organization.name,
        accent=organization.accent,
        language=language,
        verify_url=f"{get_settings().public_url}/verify/{base.number}",
        event_dates=_days(language) if base.event_dates else None,
    )


def _days(language: str) -> str:
    """The two days of the sample event, as `language` writes them."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(format_interval(date(2026, 11, 20), date(2026, 11, 21), "yMMMd", locale=locale))
