"""Tables with random damage are read or refused; no other error escapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rpoint as rp
from rpoint.endpoints.examples import example
from rpoint.endpoints.response import respond

LESIONS = """patient,day,lesion,organ,target,new,diameter_mm,status
A,0,1,liver,1,0,50,measured
A,0,2,lymph node,1,0,20,measured
A,0,3,bone,0,0,,present
A,42,1,liver,1,0,35,measured
A,42,2,lymph node,1,0,8,measured
A,42,3,bone,0,0,,absent
A,84,1,liver,1,0,,too small
A,84,2,lymph node,1,0,,not evaluable
A,84,9,lung,0,1,12,measured
B,-3,1,liver,1,0,25,measured
B,44,1,liver,1,0,26,measured
B,90,1,liver,1,0,40,measured
"""
TR = """USUBJID,TRLNKID,TUORRES,TRTESTCD,TRSTRESN,TRSTRESC,TRSTRESU,TRSTAT,TRDY,VISITNUM
A,T01,TARGET,LDIAM,50,50,mm,,-5,0
A,T02,TARGET,SAXIS,18,18,mm,,-5,0
A,N01,NON-TARGET,TUMSTATE,,PRESENT,,,-5,0
A,T01,TARGET,LDIAM,30,30,mm,,43,1
A,T02,TARGET,SAXIS,9,9,mm,,43,1
A,N01,NON-TARGET,TUMSTATE,,ABSENT,,,43,1
A,T01,TARGET,LDIAM,,TOO SMALL TO MEASURE,,,85,2
A,T02,TARGET,SAXIS,,,,NOT DONE,85,2
"""
SUMS = "\n".join(example()[0].read_text("utf-8").splitlines()[:30])
JUNK = ["", "NaN", "-1", "inf", "1e400", "x", "'", '"', "0", "1", "2", "42", "é", "1,5", "TRUE",
        "NE", "absent", "progression", "too small", "2024-01-01", " ", "-0.0", "1e-300", "None",
        "999999999", "target", "new", "day", "cm"]  # fmt: skip
DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["cell", "cell", "cell", "repeat", "drop", "cut"]),
        st.integers(0, 400), st.integers(0, 400), st.sampled_from(JUNK),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def damaged(text, damage):
    lines = text.splitlines()
    for kind, at, column, junk in damage:
        if not lines:
            break
        at %= len(lines)
        cells = lines[at].split(",")
        if kind == "cell":
            cells[column % len(cells)] = junk
            lines[at] = ",".join(cells)
        elif kind == "repeat":
            lines.append(lines[at])
        elif kind == "drop":
            del lines[at]
        else:
            lines[at] = lines[at][: column % (len(lines[at]) + 1)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("text", [LESIONS, TR, SUMS], ids=["lesions", "tr", "sums"])
def test_the_tables_are_whole_before_the_damage(text, tmp_path):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert len(respond(rp.read_sizes(tmp_path / "t.csv")).best.table)


@settings(max_examples=30)
@given(
    st.sampled_from([LESIONS, TR, SUMS]), DAMAGE, st.booleans(), st.booleans(),
    st.sampled_from(["recist11", "irecist"]),
)  # fmt: skip
def test_damage_is_refused_or_read(tmp_path_factory, text, damage, exclude, blanks, criteria):
    path = tmp_path_factory.mktemp("damaged", numbered=True) / "t.csv"
    path.write_text(damaged(text, damage), "utf-8")
    try:
        sizes = rp.read_sizes(
            path, exclude_faulty=exclude, blanks="not evaluable" if blanks else "error"
        )
    except rp.RpointError as error:
        assert len(str(error)) < 6000 and str(error).count("\n") < 40
        return
    result = respond(sizes, criteria=criteria, hyperprogression=["all"])
    assert set(result.to_dict()["orr"]) == {"any", "confirmed"}
    for table in (result.waterfall(), result.spider(), result.swimmer(), result.adrs()):
        assert len(table)
