"""What is wrong with a field, in our own words and the reader's language; pydantic's English stays inside.

A schema that raises `ValueError` speaks for itself. Every other complaint has its sentence here.
"""

from pydantic_core import ErrorDetails

from core.i18n import N_, ngettext
from core.i18n import gettext as _

_SENTENCES = {
    "missing": N_("This field is required."),
    "extra_forbidden": N_("There is no such field."),
    "string_pattern_mismatch": N_("This is not in the form that is asked for here."),
    "enum": N_("Choose one of these: %(expected)s."),
    "literal_error": N_("Choose one of these: %(expected)s."),
    "greater_than": N_("Choose a value above %(gt)s."),
    "greater_than_equal": N_("Choose %(ge)s or more."),
    "less_than": N_("Choose a value below %(lt)s."),
    "less_than_equal": N_("Choose %(le)s or less."),
    "multiple_of": N_("Choose a multiple of %(multiple_of)s."),
    "decimal_max_digits": N_("Write at most %(max_digits)s digits."),
    "decimal_max_places": N_("Write at most %(decimal_places)s digits after the point."),
    "decimal_whole_digits": N_("Write at most %(whole_digits)s digits before the point."),
    "timezone_aware": N_("Give the time with its offset, such as 2027-03-01T09:00:00Z."),
    "int_parsing_size": N_("This number is too large."),
    **dict.fromkeys(("string_type", "string_unicode"), N_("Write text here.")),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), N_("Write a whole number.")),
    **dict.fromkeys(
        ("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), N_("Write a number.")
    ),
    **dict.fromkeys(("bool_type", "bool_parsing"), N_("Answer with true or false.")),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        N_("Write a date such as 2027-03-31."),
    ),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"),
        N_("Write a date and time such as 2027-03-31T09:00."),
    ),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), N_("Give a list here.")),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), N_("Give named fields here.")),
    **dict.fromkeys(("union_tag_invalid", "union_tag_not_found"), N_("Choose a kind that exists.")),
    **dict.fromkeys(("uuid_type", "uuid_parsing"), N_("Give the identifier as it was shown.")),
}
"""By pydantic's kinds of error (its documentation, "Validation Errors"); placeholders are the names of its context."""


def sentence(error: ErrorDetails) -> str:
    """One of pydantic's complaints as a sentence that tells what to do; for a kind not listed, a general one."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        text = error["msg"].removeprefix("Value error, ")
        return text if text.endswith((".", "!", "?")) else text + "."
    if kind in ("string_too_short", "too_short"):
        n = context["min_length"]
        if n == 1:
            return _("This field is required.")
        if kind == "too_short":
            return ngettext("Give at least %(n)d.", "Give at least %(n)d.", n) % {"n": n}
        return ngettext("Write at least %(n)d character.", "Write at least %(n)d characters.", n) % {"n": n}
    if kind in ("string_too_long", "too_long"):
        n = context["max_length"]
        if kind == "too_long":
            return ngettext("Give at most %(n)d.", "Give at most %(n)d.", n) % {"n": n}
        return ngettext("Write at most %(n)d character.", "Write at most %(n)d characters.", n) % {"n": n}
    return _(_SENTENCES.get(kind, N_("This value cannot be used here."))) % context
