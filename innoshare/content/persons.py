"""By what a person can be reached, found in a text: e-mail addresses and telephone numbers.

A text says nothing of whose an address or a number is, so whatever can be written to or dialled counts. Which parts of
a file are looked at, and what is said of a find, `rules` decide.

Decision: a number passes for one to dial only where it surely is one: with the sign or the zeros of a country, with the
0 of an area and in groups, or behind a word for telephone. Cases are full of years, amounts and coordinates, and who is
told ten times that a sum is a telephone number reads no eleventh message.
"""

import re

# Digits of the shortest telephone number with its area. Names of offices hold fewer (Department 12, Room 4711).
PHONE_DIGITS = 7
# The same within any text, with the country (the longest by ITU-T E.164) and with the 0 before the area (09 310 1691).
INTERNATIONAL, NATIONAL = range(9, 16), range(9, 12)
MOST_AMOUNT = 10  # Digits of the largest amount that anybody writes out with spaces: +2 500 000 000.
BEFORE = 15  # Characters in which the word before a number ends: `telephone: `.

# The look-behind makes each run of letters one attempt, so that long texts take linear time.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.\w")
_OFFICE = re.compile(r"(?<!\w)\+?\(?[0-9][0-9 ()./\u00a0–-]{4,30}[0-9](?!\w)")
_DIGITS = re.compile(r"(?<![\w.,/=+-])[+(]{0,2}[0-9](?:[ \u00a0()/–-]{0,3}[0-9]){6,17}(?!\w|[.,:/-][0-9])")
_TELEPHONE = re.compile(r"\b(?:t[eé]l[eé]?(?:ph?one|fono?|fone)?|tlf|tfn|puh(?:elin)?|phone|mobile?|fax|call|dial|ring)"
                        r"[.:]{0,2} ?$", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|www\.)\S+")


def mail_in(text: str) -> str:
    """The beginning of the first e-mail address in a text; empty where there is none."""
    match = _MAIL.search(text) if "@" in text else None
    return match[0] if match else ""


def number_of_office(text: str) -> str:
    """The first telephone number in the name of an office, where there are no amounts; empty where there is none."""
    match = _OFFICE.search(_LINK.sub(" ", text))
    return match[0] if match and sum(map(str.isdigit, match[0])) >= PHONE_DIGITS else ""


def number_to_dial(text: str) -> str:
    """The first number in a text that is surely there to be dialled; empty where there is none."""
    text = _LINK.sub(" ", text)
    for match in _DIGITS.finditer(text):
        groups = re.findall("[0-9]+", match[0])
        digits, start = "".join(groups), match[0].lstrip("(")
        in_thousands = len(groups) > 1 and all(len(group) == 3 for group in groups[1:])
        if any(re.fullmatch("(19|20)[0-9]{2}", group) for group in groups):
            continue  # years
        if re.match(r"\+[1-9]|00[1-9]", start):
            is_phone = len(digits) in INTERNATIONAL and not (in_thousands and len(digits) <= MOST_AMOUNT)
        elif re.match("0[1-9]", start) and len(groups) > 1:
            is_phone = len(digits) in NATIONAL
        else:
            is_phone = not (in_thousands and len(digits) < NATIONAL.start) and bool(
                _TELEPHONE.search(text[max(match.start() - BEFORE, 0) : match.start()]))
        if is_phone:
            return match[0]
    return ""
