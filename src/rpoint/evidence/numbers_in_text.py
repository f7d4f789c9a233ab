"""Numbers of a trial in an abstract, English or Chinese: a small reader for its fixed figures.

It knows how abstracts write counts, rates, a complete loss and a median with its limits; it
understands no other text.  What is not found is missing, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NUMBER = r"(\d+(?:\.\d+)?)"
WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
         "nine": 9, "ten": 10}  # fmt: skip
SIGNS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
         "十": 10}  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
_SIGN = re.compile(rf"({'|'.join(SIGNS)})(?=[例名位])")
# English, Chinese.  A line is a sentence; "{n}" is a number.
_PATTERNS = {
    "treated": (r"{n} (?:patients|participants) (?:were|had been) treated",
                r"{n}\s*[例名位]\s*(?:患者|病人)?\s*(?:接受|得到)了?治疗"),
    "confirmed_test": (r"{n} (?:of them )?had [^\n\d]*central",
                       r"{n}\s*[例名位]\s*(?:患者|病人)?\s*(?:经|得到|获)[^\n\d]*中心"),
    "any_pct": (r"best (?:overall )?response[^\n%]*?{n}\s*%", r"最佳[^\n%]*?{n}\s*%"),
    "any_count": (r"{n}\s*/\s*{n}", r"{n}\s*/\s*{n}"),
    "confirmed_pct": (r"(?<!un)confirmed (?:in|response|by)[^\n%]*?{n}\s*%",
                      r"(?<!未)(?<!未获)(?<!未经)确认[^\n%]*?{n}\s*%"),
    "unconfirmed": (r"{n} (?:partial )?(?:responses? )?(?:were )?(?:unconfirmed|not confirmed)",
                    r"{n}\s*[例名位]\s*(?:部分缓解)?\s*未(?:经|获|得到)?确认"),
    "complete_loss_pct": (r"{n}\s*% (?:loss|reduction|decrease|shrinkage)",
                          r"(?:缩小|减少|消失)了?\s*{n}\s*%"),
    "pfs_median": (r"progression-free survival[^\n]*?{n} months", r"无进展生存[^\n]*?{n}\s*个月"),
    "pfs_limits": (r"95\s*%[^\n\d]*{n}\s*(?:to|-|,)\s*{n}",
                   r"95\s*%[^\n\d]*{n}\s*(?:至|到|-|,)\s*{n}"),
}  # fmt: skip


@dataclass(frozen=True)
class TrialNumbers:
    """Numbers found in a text; None where there is none.

    Attributes
    ----------
    treated, confirmed_test
        Patients treated, and with the molecular test confirmed centrally.
    any_count, any_pct
        Best response: (x, n) and %.
    confirmed_pct, unconfirmed
        Confirmed response, %, and the number of responses that were not.
    complete_loss_pct
        Loss of target-lesion diameter.
    pfs_median, pfs_limits
        Progression-free survival, months.
    """

    treated: float | None = None
    confirmed_test: float | None = None
    any_pct: float | None = None
    any_count: tuple[float, ...] | None = None
    confirmed_pct: float | None = None
    unconfirmed: float | None = None
    complete_loss_pct: float | None = None
    pfs_median: float | None = None
    pfs_limits: tuple[float, ...] | None = None


def numbers_in(text: str) -> TrialNumbers:
    """Read the numbers of a trial from an abstract.

    Parameters
    ----------
    text
        In English or Chinese; full-width signs, and small numbers in words, are understood.

    >>> numbers_in("A best response was seen in 6/31 (19.4%).").any_count
    (6.0, 31.0)
    >>> numbers_in("共40例患者接受治疗。").treated
    40.0
    """
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    plain = _plain(text, chinese)
    found: dict[str, float | tuple[float, ...]] = {}
    for name, pair in _PATTERNS.items():
        pattern = pair[1 if chinese else 0].replace("{n}", NUMBER)
        match = re.search(pattern, plain, re.IGNORECASE)
        if match:
            parts = tuple(float(part) for part in match.groups())
            found[name] = parts if len(parts) > 1 else parts[0]
    return TrialNumbers(**found)  # type: ignore[arg-type]


def _plain(text: str, chinese: bool) -> str:
    """One sentence a line, full-width signs narrow, dashes as hyphens, number words as digits."""
    narrow = re.sub("[–—~]", "-", unicodedata.normalize("NFKC", text))
    if chinese:
        return _SIGN.sub(lambda m: str(SIGNS[m[1]]), re.sub(r"[。;]", "\n", narrow))
    spaced = re.sub(r"\s+", " ", narrow)
    lines = re.sub(r"[.;](?= |$)", "\n", spaced)
    return _WORD.sub(lambda m: str(WORDS[m[1].lower()]), lines)
