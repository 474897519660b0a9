"""Vietnamese spelling: text without marks, names for files, sort order, and when two spellings are one name."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: the dictionary's order
#: Đ as a letter with a mark of its own; eth (Ð) looks like it and stands for it where fonts or keyboards are old.
_STROKE = str.maketrans({"Đ": "D\u0335", "Ð": "D\u0335", "đ": "d\u0335", "ð": "d\u0335"})
_WORD = re.compile(r"(?:[a-z][\u0300-\u036f]*)+|[0-9]+")
_LETTER = re.compile("([a-z0-9])([^a-z0-9]*)")


def plain(text: str) -> str:
    """Return `text` in lower case without marks: đ (and ð) as d, spaces collapsed, invisible signs dropped.

    Examples
    --------
    >>> plain("Đắk  Lắk")
    'dak lak'
    """
    return " ".join(unmarked(str(text)).lower().split())


def slug(text: str) -> str:
    """Return `text` as a name for files and addresses: ``"Bà Rịa - Vũng Tàu"`` → ``"ba-ria-vung-tau"``.

    Names that Windows keeps for devices (``con``, ``aux``) get a hyphen behind.

    Examples
    --------
    >>> slug("Bà Rịa - Vũng Tàu")
    'ba-ria-vung-tau'
    """
    name = re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")
    return f"{name}-" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", name) else name


def sort_key(text: str) -> tuple:
    """Return a key that sorts Vietnamese text as a dictionary does.

    Letters first (a ă â b c d đ e ê …), then tones (none, huyền, hỏi, ngã, sắc, nặng), then case:
    the collation of the Unicode locale data for Vietnamese.

    Examples
    --------
    >>> sorted(["Đà Nẵng", "Hà Nội", "An Giang", "Dak"], key=sort_key)
    ['An Giang', 'Dak', 'Đà Nẵng', 'Hà Nội']
    """
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", text).replace("Ð", "Đ").replace("ð", "đ"):
        parts = unicodedata.normalize("NFD", char)
        tone = next((c for c in parts if c in _TONES), "")
        base = unicodedata.normalize("NFC", parts.replace(tone, "") if tone else parts).lower()
        letters.append(_LETTERS.find(base) + 1000 if base in _LETTERS else ord(base[0]) if base else 0)
        tones.append(_TONES.find(tone) + 1 if tone else 0)
    return tuple(letters), tuple(tones), text.swapcase()


def unmarked(text: str) -> str:
    """Return `text` without marks and invisible signs, đ and ð as d."""
    text = re.sub("[\u0300-\u036f]", "", visible(text))  # all marks of most texts
    return text if text.isascii() else "".join(c for c in text if not unicodedata.combining(c))


def visible(text: str) -> str:
    """Return `text` with its marks apart, that of đ (and ð) too, and without signs that cannot be seen."""
    text = unicodedata.normalize("NFD", text).translate(_STROKE)
    return text if text.isprintable() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def words(text: str) -> tuple[str, ...]:
    """Return a name's words and numbers, in lower case with the marks apart; none if there is anything else in it."""
    text = visible(text).lower()
    if re.search(r"[^\s\-–—.,'’()/]", _WORD.sub("", text)):
        return ()
    return tuple((w.lstrip("0") or "0") if w.isdigit() else w for w in _WORD.findall(text))


def key(name: tuple[str, ...]) -> str:
    """Return a name's letters without marks, y as i, for look-ups; spaces stay between numbers only."""
    text = re.sub("[^a-z0-9 ]", "", " ".join(name))
    return re.sub("(?<![0-9]) | (?![0-9])", "", text).replace("y", "i")


def likeness(given: tuple[str, ...], name: tuple[str, ...]) -> int:
    """Return how words are like a name of the same key: 2 with all its marks, 1 without some, 0 with others.

    A tone may stand on any letter of its syllable (Hòa, Hoà); y and i are one behind a consonant (Mỹ, Mĩ).
    """
    said, at, like = _LETTER.findall("".join(given)), 0, 2
    for word in name:
        own = _LETTER.findall(word)
        here, at = said[at : at + len(own)], at + len(own)
        free = re.search("([^aeiouy]|qu)$", "".join(letter for letter, _ in own[:-1]))
        if any(a != b for (a, _), (b, _) in zip(here[: -1 if free else None], own, strict=False)):
            return 0
        told, marks = (
            {m if m in _TONES else (m, i) for i, (_, of_letter) in enumerate(letters) for m in of_letter}
            for letters in (here, own)
        )
        if not told <= marks:
            return 0
        like = min(like, 1 + (told == marks))
    return like
