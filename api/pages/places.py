"""The tabs that tie the pages of one place together."""

from typing import Any

from core.i18n import gettext as _


def profile_tabs(current: str) -> list[dict[str, Any]]:
    """The tabs of a person's own settings."""
    tabs = [
        ("profile", _("Profile"), "/me/profile", "person"),
        ("sessions", _("Signed-in browsers"), "/me/sessions", "shield-check"),
        ("sign-ins", _("Sign-ins"), "/me/sign-ins", "clock-history"),
        ("tokens", _("API tokens"), "/me/tokens", "key"),
    ]
    return [
        {"label": label, "href": href, "icon": icon, "current": name == current} for name, label, href, icon in tabs
    ]
