"""By what a person can be reached or known, found in a text: e-mail addresses, telephone numbers, pages, titles.

A text says nothing of whose an address or a number is, so whatever can be written to or dialled counts. Which parts of
a file are looked at, and what is said of a find, `rules` decide.

Decision: a number passes for one to dial only where it surely is one: with the sign or the zeros of a country, with the
0 of an area and in groups, or behind a word for telephone. Cases are full of years, amounts and coordinates, and who is
told ten times that a sum is a telephone number reads no eleventh message.
"""

import re
from urllib.parse import urlsplit

# Digits of the shortest telephone number with its area. Names of offices hold fewer (Department 12, Room 4711).
PHONE_DIGITS = 7
# The same within any text, with the country (the longest by ITU-T E.164) and with the 0 before the area (09 310 1691).
INTERNATIONAL, NATIONAL = range(9, 16), range(9, 12)
MOST_AMOUNT = 10  # Digits of the largest amount that anybody writes out with spaces: +2 500 000 000.
BEFORE = 24  # Characters in which the word before a number ends: `numéro de téléphone : `.

# The look-behind makes each run of letters one attempt, so that long texts take linear time. Who hides an address from
# robots writes (at) or a space; in the address of a page it is %40.
_AT = r"(?:@|＠|%40|&#64;|&commat;| (?:@|＠|&#64;) (?=[a-z])| ?[\[({](?:at|ät|@|＠)[\])}] ?)"
_DOT = r"(?:\.| ?[\[({](?:dot|punkt|point|punto|ponto|\.)[\])}] ?)"
_MAIL = re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}[\w-]{{1,63}}{_DOT}\w", re.IGNORECASE)
_MAIL_SIGNS = ("@", "＠", "%40", "&#64;", "&commat;", "at)", "at]", "at}", "ät)", "ät]", "ät}")  # one is in each
# Pages that by their nature are a person's: her profile, her telephone.
_OWN_PAGE = re.compile(r"https?://(?:[\w-]+\.)?(?:linkedin\.com/(?:in|pub)/|xing\.com/profile/|wa\.me/|t\.me/|m\.me/|"
                       r"api\.whatsapp\.com/send)", re.IGNORECASE)
# A page that is called like a person (maria.lopez), and no file of a web server (index.html, contact.aspx).
_LIKE_A_NAME = re.compile(r"/[^\W\d_]{2,}(?:-[^\W\d_]+)?\.(?!(?:[sx]?html?|php|aspx?|jspx?|cfml?|pdf|docx?|page|action|"
                          r"cgi|dll|xml|json|txt|view|nsf)/?$)[^\W\d_]{2,}(?:-[^\W\d_]+)?/?$", re.IGNORECASE)
# Before the name of a person, in the languages of the library.
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Fru|Mme|Madame|Monsieur|Mevr|Dhr|Sra?|Srta|Señora?|Sig|"
                     r"Signora?|Dott|Pani)\.? [A-ZÀ-ÖØ-Þ]")
_OFFICE = re.compile(r"(?<!\w)\+?\(?[0-9][0-9 ()./\u00a0–-]{4,30}[0-9](?!\w)")
_DIGITS = re.compile(r"(?<![\w.,/=+-])[+(]{0,2}[0-9](?:[ \u00a0()/–-]{0,3}[0-9]){6,17}(?!\w|[.,:/-][0-9])")
_WORD = (r"(?:t[eé]l[eé]?(?:ph?one|fono?|fone)?|tlf|tfn|puh(?:elin)?|phone|fon|mobile?|handy|m[oó]vil|celular|"
         r"whatsapp|fax|call|dial|ring)(?:-? ?(?:number|nummer|numero|número|numéro|numer|no|nr))?")
_TELEPHONE = re.compile(rf"\b{_WORD}[.:]{{0,2}}[ \u00a0]?[.:]{{0,2}}[ \u00a0]?$", re.IGNORECASE)
# Where points stand between the groups it may as well be a date or a sum, unless a word for telephone is before it.
_POINTED = re.compile(r"\+?[0-9]{1,4}(?:\.[0-9]{2,4}){2,6}(?![\w.])")
# 212-555-0199 and (212) 555-0199. The look-behind comes second: the search is three times as fast.
_AMERICAN = re.compile(r"[(2-9](?<![\w.,/=+].)(?:[2-9][0-9]{2}\) ?|[0-9]{2}-)[0-9]{3}-[0-9]{4}(?![\w-])")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_YEARS = r"(?:(?:19|20)[0-9]{2}[ /–-]{0,3}){2,}"


def mail_in(text: str) -> str:
    """The beginning of the first e-mail address in a text; empty where there is none."""
    match = _MAIL.search(text) if any(sign in text.lower() for sign in _MAIL_SIGNS) else None
    return match[0] if match else ""


def is_own_page(address: str) -> bool:
    """Whether an address leads to a page that is one person's by its nature."""
    return bool(_OWN_PAGE.match(address))


def is_named_like_a_person(address: str) -> bool:
    """Whether an address ends like the name of a person, as https://example.org/maria.lopez."""
    return bool(_LIKE_A_NAME.search(urlsplit(address).path))


def title_in(text: str) -> str:
    """The title and first letter of a person's name in the name of an office (Dr. A); empty where there is none."""
    match = _TITLED.search(text)
    return match[0] if match else ""


def number_of_office(text: str) -> str:
    """The first telephone number in the name of an office, where there are no amounts; empty where there is none."""
    match = _OFFICE.search(_LINK.sub(" ", text))
    is_long = match is not None and sum(map(str.isdigit, match[0])) >= PHONE_DIGITS
    return match[0] if match and is_long and not re.fullmatch(_YEARS, match[0]) else ""


def number_to_dial(text: str) -> str:
    """The first number in a text that is surely there to be dialled; empty where there is none."""
    text = _LINK.sub(" ", text)
    if match := _AMERICAN.search(text):
        return match[0]
    for match in _POINTED.finditer(text):
        is_day = re.search(r"\.(19|20)[0-9]{2}$", match[0])
        if not is_day and _TELEPHONE.search(text[max(match.start() - BEFORE, 0) : match.start()]):
            return match[0]
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
