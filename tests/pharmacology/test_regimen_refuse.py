"""Bad texts: what is wrong, and where the carets stand."""

from __future__ import annotations

import time

import pytest

from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import RegimenError, parse

P = "palbociclib 125 mg"
F = "fulvestrant 500 mg"

# text, the word under the carets, a part of the message (of any of its lines)
CASES = [
    # names
    ("palbocicilb 125 mg qd", "palbocicilb", "nearest: palbociclib"),
    (f"{P} qd + fulvestrnat 500 mg im q28d", "fulvestrnat", "nearest: fulvestrant"),
    ("aspirin 100 mg qd", "aspirin", "unknown drug"),
    ("125 mg palbociclib qd", "125", "put the name before the dose"),
    ("qd palbociclib 125 mg", "qd", "a drug's name is missing"),
    ("mon-fri 5 mg", "mon-fri", "unknown drug"),
    ("nutlin 3a 5 uM", "nutlin", "nearest: nutlin-3a"),
    # doses
    ("palbociclib", "palbociclib", "the dose of palbociclib is missing"),
    ("palbociclib qd 125 mg", "qd", "the dose of palbociclib is expected here"),
    ("palbociclib + fulvestrant 500 mg im q28d", "palbociclib", "dose of palbociclib is missing"),
    ("palbociclib 125", "125", "unit of the dose of palbociclib is missing"),
    ("palbociclib 125 qd", "qd", "unknown unit"),
    ("palbociclib 125 mq qd", "mq", "nearest: mg"),
    ("palbociclib 125 mg/m2 qd", "mg/m2", "body surface"),
    ("palbociclib 125 mg/m² qd", "mg/m²", "body surface"),
    ("palbociclib 125 mg/kgg qd", "mg/kgg", "nearest: mg/kg"),
    ("palbociclib 125 mmol qd", "mmol", "unknown unit"),
    ("palbociclib 0 mg qd", "0 mg", "greater than zero"),
    ("palbociclib -125 mg qd", "-125", "greater than zero"),
    ("palbociclib \u2212125 mg qd", "\u2212125", "greater than zero"),
    ("palbociclib nan mg qd", "nan", "a finite number"),
    ("palbociclib inf mg qd", "inf", "a finite number"),
    ("palbociclib 1e400 mg qd", "1e400 mg", "a finite number"),
    ("palbociclib 1e9 mg qd", "1e9 mg", "taken for a slip"),
    ("palbociclib 125 g qd", "125 g", "taken for a slip"),
    ("palbociclib 1e-9 mg qd", "1e-9 mg", "taken for a slip"),
    ("palbociclib 9 M", "M", "unknown unit"),
    ("palbociclib 5000 mM", "5000 mM", "taken for a slip"),
    ("palbociclib 1,000 mg qd", "1,000", "is not one number"),
    ("palbociclib 2,5 mg qd", "2,5", "a decimal point"),
    ("palbociclib 1.2.3 mg qd", "1.2.3", "is not one number"),
    ("palbociclib 125 mg 100 mg qd", "100", "the dose is already given"),
    # how often
    (P, "palbociclib", "how often is palbociclib given?"),
    (f"{P} 21/28", "palbociclib", "how often"),
    (f"{P} qdd", "qdd", "nearest: qd"),
    (f"{P} qday", "qday", "means nothing here"),
    (f"{P} q28", "q28", "nearest: q28d"),
    (f"{P} q28x", "q28x", "unknown frequency"),
    (f"{P} q0d", "0", "cannot be"),
    (f"{P} q1.5d", "1.5", "whole number"),
    (f"{P} q999d", "q999d", "more than a year apart"),
    (f"{P} q99999999999d", "99999999999", "is at most"),
    (f"{P} qd bid", "bid", "frequency of palbociclib is given twice"),
    (f"{P} qw d1,8", "qw", "contradicts the days listed"),
    (f"{P} q5h d1-3", "q5h", "contradicts the days listed"),
    (f"{P} qw 5/28", "qw", "only the first dose"),
    (f"{P} qw mon-fri", "qw", "contradicts the days listed"),
    (f"{P} twice", "twice", "followed by daily"),
    (f"{P} twice weekly", "twice", "mon,thu"),
    (f"{F} im bid", "bid", "a depot in the muscle"),
    (f"{F} im q6h", "q6h", "a depot in the muscle"),
    # routes
    (f"{P} pp qd", "pp", "nearest: po"),
    (f"{P} po iv qd", "iv", "route of palbociclib is given twice"),
    (f"{P} rectal qd", "rectal", "means nothing here"),
    (f"{P} po over 1h qd", "over 1h", "is not infused"),
    ("pembrolizumab 200 mg iv over 0 h q3w", "over 0 h", "cannot be"),
    ("pembrolizumab 200 mg iv over 2 d q3w", "d", "h or min"),
    ("pembrolizumab 200 mg iv over 30h qd", "over 30h", "does not end before"),
    # days
    (f"{P} d30/28", "d30/28", "day 30 is not in a cycle of 28 days"),
    (f"{P} qd d1-3,29/28", "d1-3,29/28", "day 29 is not in a cycle"),
    (f"{P} qd 29/28", "29/28", "do not fit"),
    (f"{P} qd 28/21", "28/21", "write 21/28"),
    (f"{P} qd 0/28", "0/28", "at least one day on"),
    (f"{P} qd 21/", "/", "whole number"),
    (f"{P} qd 21/0", "21/0", "do not fit"),
    (f"{P} qd 21/28 5/7", "5/7", "the days of palbociclib are given twice"),
    (f"{P} qd 4 on/3", "3", "'off' is missing"),
    (f"{P} qd 4 on", "on", "the days off"),
    (f"{P} d0", "0", "no day 0"),
    (f"{P} d5-3", "5-3", "run backwards"),
    (f"{P} d1,1", "1", "listed after"),
    (f"{P} d15,1", "1", "day 1 is listed after day 15"),
    (f"{P} d1-", "-", "the last day of a range"),
    (f"{P} d1.5", "1.5", "whole number"),
    (f"{P} d99999", "99999", "at most"),
    (f"{P} qd fri-mon", "fri-mon", "run from mon to sun"),
    (f"{P} qd mon-fry", "fry", "nearest: fri"),
    (f"{P} qd fri,mon", "fri,mon", "Monday first"),
    (f"{F} im d1,15/28 then q28d", "then q28d", "not by both"),
    (f"{F} im q4w then q28d", "q28d", "follows a list of days"),
    (f"{F} im d1,15 then q28d then q14d", "q14d", "already repeat"),
    (f"{F} im d1 then q36h", "q36h", "whole days"),
    # start, end, holds, loads, steps
    (f"{P} qd from 8", "8", "write 'from d8'"),
    (f"{P} qd from", "from", "followed by a day"),
    (f"{P} qd delay", "delay", "whole number"),
    (f"{P} qd delay 14", "14", "takes days or weeks"),
    (f"{P} qd delay 14d from d8", "from d8", "both delayed and given a start"),
    (f"{P} qd from d8 from d9", "from d9", "given twice"),
    (f"{P} qd until d3 from d8", "until d3", "ends on day 3, before it starts"),
    (f"{P} qd until progression", "progression", "'until' takes a day"),
    (f"{P} qd hold", "hold", "followed by days"),
    (f"{P} qd hold 3-5", "3", "followed by days"),
    (f"{P} qd load 500 mg", "mg", "needs its day"),
    (f"{P} qd then 100 mg", "then 100 mg", "from which day on"),
    (f"{P} qd then 100 mg from d9 then 75 mg from d5", "then 75 mg from d5", "does not follow"),
    (f"{P} qd until d8 then 100 mg from d9", "then 100 mg from d9", "after the last day"),
    (f"{P} qd then 100 nM from d9", "then 100 nM from d9", "changes from 125 mg to 100 nM"),
    # constant concentrations
    ("palbociclib 750 nM qd", "qd", "a constant concentration has no dose frequency"),
    ("palbociclib 750 nM po", "po", "a constant concentration has no route"),
    ("palbociclib 750 nM load 500 mg d1", "load 500 mg d1", "has no loading dose"),
    # joining
    (f"{P} qd +", "+", "the regimen ends after '+'"),
    (f"+ {P} qd", "+", "a drug is missing"),
    (f"{P} qd ++ {F} im q28d", "+", "a drug is missing"),
    (f"{P} qd, {F} im q28d", ",", "join them by '+'"),
    (f"{P} qd; {F} im q28d", ";", "no character"),
    (f"{P} qd & {F} im q28d", "&", "no character"),
    (f"{P} qd fulvestrant 500 mg im q28d", "fulvestrant", "write '+ fulvestrant'"),
    (f"{P} qd and {F} im q28d", "and", "means nothing here"),
    (f"({P} qd)", "(", ""),
    (f"{P} qd (21/28)", "(", "is not used in regimens"),
    (f"{P} qd + palbociclib 100 mg qd", "palbociclib", "ordered twice"),
    (f"{P} qd + ibrance 100 mg qd from d8", "ibrance", "ordered twice"),
    (f"{P} qd + vehicle", "vehicle", "a drug's name is missing"),
    (f"vehicle + {P} qd", "vehicle", "stands alone"),
    # phases
    (f"{P} qd then", "then", "the regimen ends after 'then'"),
    (f"then {P} qd", "then", "a drug is missing"),
    (f"{P} qd then abemaciclib 150 mg bid", "then", "when does this phase begin?"),
    (f"{P} qd at progression", "at", "the first phase starts on day 1"),
    (f"{P} qd then abemaciclib 150 mg bid at progresion", "progresion", "nearest: progression"),
    (f"{P} qd then abemaciclib 150 mg bid at progression from d57", "from", "not expected here"),
    (
        f"{P} qd then from d57 abemaciclib 150 mg bid then from d29 {F} im q28d",
        "then",
        "not after the one of day 57",
    ),
    (
        f"{P} qd then abemaciclib 150 mg bid at progression then from d29 {F} im q28d",
        "then",
        "on a day that is not known",
    ),
    (f"{P} qd then from d57 abemaciclib 150 mg bid from d29", "from d29", "before its phase"),
    (f"{P} qd then continue fulvestrant at progression", "fulvestrant", "cannot be continued"),
    ("continue palbociclib", "palbociclib", "cannot be continued"),
    # characters
    (f"{P} qd\x07", "\x07", "U+0007"),
    (f"{P}\x00 qd", "\x00", "U+0000"),
    (f"{P} \u202eqd", "\u202e", "cannot be seen"),
    (f"{P} qd\u200b", "\u200b", "cannot be seen"),
    (f"{P} × 5", "×", "no character"),
    (f"{P} q2*w", "*", "no character"),
    ("палбоциклиб 125 mg qd", "п", "no character"),
]


@pytest.mark.parametrize("text,word,part", CASES, ids=lambda v: repr(v)[:60])
def test_bad_text(names, text, word, part):
    with pytest.raises(RegimenError) as caught:
        parse(text, names)
    error = caught.value
    assert error.word == word
    message = str(error)
    assert part in message
    shown, carets = message.split("\n")[1:3]
    assert set(carets.strip()) == {"^"}
    under = shown[len(carets) - len(carets.strip()) : len(carets)]
    assert under == "".join(c if c.isprintable() else "?" for c in word)


def test_the_table_is_large_enough():
    assert len(CASES) >= 60
    assert len({case[0] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0"])
def test_empty(names, text):
    with pytest.raises(RegimenError, match="the regimen is empty"):
        parse(text, names)


@pytest.mark.parametrize("text", [None, 125, b"palbociclib 125 mg qd", ["a"]])
def test_no_text_at_all(names, text):
    with pytest.raises(RegimenError, match="a regimen is a text"):
        parse(text, names)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "palbociclib 125 mg qd + " * 42_000,
        "\x00" * 1_000_000,
        "(" * 1_000_000,
        " " * 1_000_000 + "x",
    ],
    ids=["letters", "components", "nul", "parentheses", "spaces"],
)
def test_a_megabyte_is_refused_at_once_in_few_lines(names, text):
    begin = time.process_time()
    with pytest.raises(RegimenError) as caught:
        parse(text, names)
    assert time.process_time() - begin < 1.0
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    "text",
    [
        "palbociclib 125 mg d" + ",".join(str(i) for i in range(1, 1800)),
        "palbociclib 125 mg qd" + " then 100 mg from d2" * 450,
        "palbociclib 125 mg qd" + " + palbociclib 125 mg qd" * 400,
        "a" * 9_999,
        "9" * 9_999,
        "palbociclib " + "9" * 9_000 + " mg qd",
        "palbociclib 125 mg q" + "9" * 9_000 + "d",
        "d1-" * 3_000,
        "palbociclib 125 mg qd hold d" + "1-" * 4_000,
        "-" * 9_999,
        "1e" * 4_999,
    ],
    ids=lambda t: t[:24],
)
def test_the_longest_texts_are_read_in_no_time(names, text):
    begin = time.process_time()
    try:
        parse(text, names)
    except RegimenError as error:
        assert len(str(error)) < 1500
    assert time.process_time() - begin < 1.0


def test_a_long_text_is_shown_around_the_word(names):
    text = " + ".join([f"{P} qd from d{i} until d{i}" for i in range(1, 16)]) + " + oops 1 mg qd"
    with pytest.raises(RegimenError) as caught:
        parse(text, names)
    shown = str(caught.value).split("\n")[1]
    assert "oops" in shown and len(shown) < 100


def test_the_error_is_the_documented_class(names):
    with pytest.raises(RpointError):
        parse("nonsense", names)
