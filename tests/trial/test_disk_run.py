"""Runs in a folder: the same tables for any number of workers, failures that stay local."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.trial.adam.check import check_table
from rpoint.trial.adam.columns import TABLES
from rpoint.trial.disk.plan import Plan, usual_chunk, with_patients
from rpoint.trial.disk.read import open_run
from rpoint.trial.disk.run import run_trial


def test_tables_are_the_same_for_any_number_of_workers(fake, tmp_path, digests):
    told: list[tuple[int, int]] = []
    seen = []
    for jobs in (0, 1, 2, 4):
        run = run_trial(
            **fake | {"jobs": jobs}, folder=tmp_path / str(jobs),
            progress=lambda done, total: told.append((done, total)),
        )  # fmt: skip
        assert run.status == "complete" and not run.failed and run.verify().ok
        seen.append(digests(run.folder))
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert len(seen[0]) == 4 * 8 + 4  # chunks of seven tables and a record; manifest and results
    assert told[:5] == [(0, 72), (20, 72), (40, 72), (60, 72), (72, 72)]
    assert json.loads((tmp_path / "4" / "run.json").read_text())["provenance"]["worker_peak_mb"] > 1


def test_tables_do_not_depend_on_the_size_of_chunks(fake, tmp_path):
    few = run_trial(**fake, folder=tmp_path / "few")
    many = run_trial(**fake | {"chunk_patients": 7}, folder=tmp_path / "many")
    assert len(many.manifest) == 11
    for name in TABLES:
        pd.testing.assert_frame_equal(few.table(name), many.table(name))
    pd.testing.assert_frame_equal(few.analysis(), many.analysis())


def test_the_run_tells_what_it_is(fake, tmp_path):
    made = run_trial(**fake | {"options": {"sleep": 0}}, folder=tmp_path / "run", text="a: 1 # é\n")
    run = open_run(made.folder, trial=fake["trial"])
    assert (run.status, run.seed, run.replicates, run.patients) == ("complete", 11, 6, 12)
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert record["rpoint_run"] == 1 and record["trial_text"] == "a: 1 # é\n"
    assert record["identity"]["trial"]["arms"]["drug"]["patients"] == 7
    assert {"rpoint", "numpy", "scipy", "pandas", "pyarrow", "llvmlite", "python"} < set(
        record["identity"]["versions"]
    )
    assert len(record["identity"]["ensemble"]) == 64 and record["provenance"]["command"] == "test"
    assert [(c.first, c.stop) for c in run.manifest] == [(0, 20), (20, 40), (40, 60), (60, 72)]
    assert sum(c.tables["adsl"].rows for c in run.manifest) == 72 == run.lazy.rows("adsl")
    assert not list(run.folder.glob("run.lock")) and not list(run.folder.glob(".tmp*"))


def test_tables_are_read_whole_in_pieces_and_by_replicate(fake, tmp_path):
    run = run_trial(**fake, folder=tmp_path / "run")
    assert list(run.lazy) == list(TABLES) and len(run.lazy) == 7
    whole = run.table("adae")
    check_table("adae", whole)
    pieces = list(run.tables("adae"))
    assert len(pieces) == 4
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole)
    assert {piece["AENDY"].dtype for piece in pieces} == {np.dtype(float)}
    some = run.table("adtte", columns=["PATIDX", "AVAL"], where={"PARAMCD": "OS", "REPL": [1, 2]})
    full = run.table("adtte").query("PARAMCD == 'OS' and REPL in (1, 2)")
    assert list(some) == ["PATIDX", "AVAL"]
    np.testing.assert_array_equal(some, full[["PATIDX", "AVAL"]])
    parts = list(run.lazy.by_replicate({"adsl": ["REPL"], "adtte": None}, patients=30,
                                       where={"adtte": {"PARAMCD": "PFS"}}))  # fmt: skip
    assert [which for which, _ in parts] == [range(0, 2), range(2, 4), range(4, 6)]
    for which, tables in parts:
        assert sorted(set(tables["adsl"]["REPL"])) == list(which)
        assert len(tables["adsl"]) == len(tables["adtte"]) == 24
    for call, says in (
        (lambda: run.table("adxx"), "adtr"),
        (lambda: run.table("adsl", columns=["TRT01"]), "TRT01P"),
        (lambda: run.table("adsl", where={"SAFL": "Y"}), "SAFFL"),
        (lambda: run.export(tmp_path / "no", ["adtt"]), "adtte"),
    ):
        with pytest.raises(RpointError, match=says):
            call()


def test_summary_has_the_quantiles_over_replicates(fake, tmp_path):
    run = run_trial(**fake, folder=tmp_path / "run")
    analysis, summary = run.analysis(), run.summary()
    assert len(analysis) == 12 and list(analysis) == ["REPL", "arm", "orr", "os_mean"]
    row = summary.query("arm == 'drug' and statistic == 'orr'").iloc[0]
    values = analysis.query("arm == 'drug'")["orr"].to_numpy()
    assert (row["replicates"], row["missing"]) == (6, 0)
    expected = [values.mean(), values.std(ddof=1), *np.quantile(values, [0.05, 0.5, 0.95])]
    np.testing.assert_allclose(row[["mean", "sd", "q05", "median", "q95"]].tolist(), expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:lifelines")
def test_lifelines_finds_the_medians_that_our_statistics_find(fake, tmp_path):
    import lifelines

    written = run_trial(**fake, folder=tmp_path / "run").export(tmp_path / "csv", ["adtte"])
    assert [p.name for p in written] == ["adtte.csv", "adam.json"]
    table = pd.read_csv(tmp_path / "csv" / "adtte.csv")
    compared = 0
    for (_, _, _), part in table.groupby(["REPL", "TRT01P", "PARAMCD"]):
        event = 1 - part["CNSR"]
        theirs = lifelines.KaplanMeierFitter().fit(part["AVAL"], event).median_survival_time_
        ours = kaplan_meier(part["AVAL"].to_numpy(), event.to_numpy()).median.estimate
        assert ours == pytest.approx(theirs) or (np.isnan(ours) and np.isinf(theirs))
        compared += bool(np.isfinite(theirs))
    assert compared > 12


def test_export_writes_what_the_tables_hold_and_its_dictionary(fake, tmp_path):
    run = run_trial(**fake, folder=tmp_path / "run")
    run.export(tmp_path / "csv")
    assert {p.name for p in (tmp_path / "csv").iterdir()} == {f"{n}.csv" for n in TABLES} | {
        "adam.json"
    }
    for name in TABLES:
        text = pd.read_csv(tmp_path / "csv" / f"{name}.csv", keep_default_na=False, na_values=[""])
        back = text.astype(run.table(name).dtypes.to_dict())
        pd.testing.assert_frame_equal(back.fillna("-"), run.table(name).fillna("-"))
    assert "57.0" not in (tmp_path / "csv" / "adrs.csv").read_text()
    lines = (tmp_path / "csv" / "adam.json").read_text().splitlines()
    assert len(lines) == 2 + sum(len(run.table(name).columns) for name in TABLES)
    first = json.loads("\n".join(lines))[0]
    assert (first["table"], first["column"], first["type"]) == ("adsl", "STUDYID", "text")


def test_a_chunk_that_fails_is_a_status_and_the_others_are_kept(fake, tmp_path, digests):
    said: list[str] = []
    options = {"fail": [20], "die": [60]}
    run = run_trial(**fake | {"jobs": 2, "options": options}, folder=tmp_path / "run",
                    say=said.append)  # fmt: skip
    assert run.status == "partial" and set(run.failed) == {"1", "3"}
    assert "no luck with patient 20" in run.failed["1"] and "Traceback" in run.failed["1"]
    assert "3 workers died" in run.failed["3"] and "signal 9" in run.failed["3"]
    assert [c.chunk for c in run.manifest] == [0, 2] and any("chunk 1 failed" in s for s in said)
    assert not run.verify().ok
    with pytest.raises(RpointError, match="2 of 4 chunks"):
        run.summary()
    again = open_run(run.folder)
    assert again.failed == run.failed


def test_a_task_whose_worker_dies_once_is_computed_again(fake, tmp_path, digests):
    marks = tmp_path / "marks"
    marks.mkdir()
    said: list[str] = []
    options = {"die_once": str(marks), "at": [0, 40]}
    run = run_trial(**fake | {"jobs": 2, "options": options}, folder=tmp_path / "run",
                    say=said.append)  # fmt: skip
    assert run.status == "complete" and len(list(marks.iterdir())) == 2
    assert sorted(said) == ["chunk 0: 2 attempts", "chunk 2: 2 attempts"]
    plain = run_trial(**fake, folder=tmp_path / "plain")
    there, here = digests(run.folder), digests(plain.folder)
    assert {k: v for k, v in there.items() if k.endswith("parquet")} == {
        k: v for k, v in here.items() if k.endswith("parquet")
    }


def test_an_analysis_that_fails_keeps_the_tables_and_is_tried_again(fake, tmp_path):
    bad = fake | {"analyse": "fake_trial_compute:analyse_badly"}
    run = run_trial(**bad, folder=tmp_path / "run")
    assert run.status == "partial" and "no such endpoint" in run.failed["results"]
    assert len(run.manifest) == 4 and len(run.table("adsl")) == 72


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"replicates": 0}, "replicates"),
        ({"chunk_patients": -1}, "chunk_patients"),
        ({"replicates": 2.0}, "replicates"),
        ({"seed": -1}, "seed"),
        ({"replicates": 2**60}, "too many patients"),
    ],
)
def test_numbers_that_make_no_run_are_refused_before_anything_is_written(
    fake, tmp_path, change, says
):
    with pytest.raises(RpointError, match=says):
        run_trial(**fake | change, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_other_things_is_left_alone(fake, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(RpointError, match=r"thesis\.docx"):
        run_trial(**fake, folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]
    with pytest.raises(RpointError, match="cannot be written there"):
        run_trial(**fake, folder=tmp_path / "thesis.docx")
    with pytest.raises(RpointError, match="no run in this folder"):
        open_run(tmp_path)


def test_an_error_of_the_user_in_the_first_chunk_leaves_nothing(fake, tmp_path, monkeypatch):
    import fake_trial_compute

    def refuse(index, options):
        if index.start >= first_bad:
            raise RpointError("no such drug")

    monkeypatch.setattr(fake_trial_compute, "trouble", refuse)
    first_bad = 0
    with pytest.raises(RpointError, match="no such drug"):
        run_trial(**fake, folder=tmp_path / "a" / "run")
    assert not (tmp_path / "a" / "run").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(RpointError, match="no such drug"):
        run_trial(**fake, folder=tmp_path / "empty")
    assert not list((tmp_path / "empty").iterdir())
    first_bad = 40
    with pytest.raises(RpointError, match="no such drug"):
        run_trial(**fake, folder=tmp_path / "run")
    assert open_run(tmp_path / "run").status == "interrupted"
    assert len(open_run(tmp_path / "run").manifest) == 2


def test_arms_can_have_other_numbers_of_patients(fake):
    changed = with_patients(fake["trial"], {"control": 100})
    assert Plan(changed, replicates=3).total == 321 and Plan(fake["trial"]).total == 12
    with pytest.raises(RpointError, match="control"):
        with_patients(fake["trial"], {"contrl": 3})
    with pytest.raises(RpointError, match="at least 1"):
        with_patients(fake["trial"], {"control": 0})


def test_chunks_suit_the_size_of_the_run(fake):
    assert [usual_chunk(fake["trial"], r) for r in (1, 200, 1000)] == [100, 150, 500]
