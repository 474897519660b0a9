"""Who would be told by one figure: a respondent who outweighs the others, alone or behind a sum."""

import numpy as np
import pandas as pd
import pytest

from papi_lib.survey import disclosure

ITEMS = ["a", "b"]
SUMS = {1: ["part"]}


def answers(weights, people=15, villages=4):
    """Return made-up answers of districts p, q, r and of the city, everybody in both; `weights` of respondents by number."""
    rng = np.random.default_rng(1)
    rows = [(d, d, f"{d}{v}") for d in "pqr" for v in range(villages) for _ in range(people)]
    frame = pd.DataFrame(rows, columns=["domain", "stratum", "cluster"])
    frame["weight"] = rng.uniform(500, 1500, len(rows))
    frame["weight"] = frame["weight"].where(~frame.index.isin(list(weights)), frame.index.map(weights))
    frame[ITEMS] = rng.integers(0, 2, (len(rows), len(ITEMS))).astype(float)
    return pd.concat([frame, frame.assign(domain="city")], ignore_index=True)


def why(frame):
    asked = frame[ITEMS].notna()
    combination = pd.DataFrame({"part": [1.0, 1.0], 1: [1.0, 1.0]}, index=ITEMS)
    return disclosure.reasons(frame, asked, combination, SUMS, pd.Series("city", list("pqr")))


def test_one_weight_that_holds_most_is_no_figure_of_a_district_nor_of_the_city():
    assert (why(answers({})) == "").all().all()
    frame = answers({7: 9e7})
    told = np.average(frame.loc[frame["domain"] == "city", "a"], weights=frame.loc[frame["domain"] == "city", "weight"])
    assert told == pytest.approx(frame.at[7, "a"], abs=0.01)  # so the city's figure was that person's answer
    gone = why(frame)
    assert (gone.loc[["p", "city"]] == "uneven").all().all()
    assert (gone.loc[["q", "r"]] == "").all().all()


def test_ten_must_count_and_a_few_large_weights_among_many_do_not():
    """Nine of sixty with nearly all the weight count as nine; the same nine with a tenth of it are no matter."""
    gone = why(answers(dict.fromkeys(range(9), 1e6)))
    assert (gone.loc["p"] == "uneven").all()
    assert (why(answers(dict.fromkeys(range(9), 2000.0))) == "").all().all()


def test_what_a_city_leaves_for_hidden_districts_is_not_one_persons_either():
    """Two hidden districts whose respondents add up to enough, but one weight among them tells the sum of both."""
    weight = pd.DataFrame({"a": [2e5, 2e4, 9e5, 9e4, 1.21e6]}, index=["p", "q", "r", "s", "city"])
    n = pd.DataFrame({"a": [1.2, 9.0, 50.0, 40.0, 29.0]}, index=weight.index)
    groups, clusters = pd.Series("city", list("pqrs")), n * 0 + 5
    alike_weights = disclosure.hidden(n, clusters, {}, groups)["a"]
    assert alike_weights.to_list() == [True, True, False, False, False]
    hide = disclosure.hidden(n, clusters, {}, groups, weight=weight)["a"]
    assert hide.to_list() == [True, True, True, True, False]  # with r or s alone p would still be most of it


def test_two_versions_of_records_that_differ_in_a_few_people_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPI_RELEASES", str(tmp_path / "state" / "releases.json"))
    frame = answers({})
    one_gone, one_other = frame.drop(3), frame.assign(a=frame["a"].where(frame.index != 5, 0.5))
    assert list(disclosure.released(frame, "a.csv", [1, 2024])) == []
    assert list(disclosure.released(frame.sample(frac=1, random_state=1), "b.csv", [1, 2024])) == []  # the same people
    for version, told in (
        (one_gone, "differs by 1 respondent from a.csv"),
        (one_other, "differs by 1 respondent from a.csv"),
    ):
        assert told in next(disclosure.released(version, "c.csv", [1, 2024]))
        assert list(disclosure.released(version, "c.csv", [48, 2024])) == []  # another province's
        (tmp_path / "state" / "releases.json").unlink()
        list(disclosure.released(frame, "a.csv", [1, 2024]))
    assert list(disclosure.released(frame.drop(range(12)), "d.csv", [1, 2024])) == []
    kept = tmp_path / "state" / "releases.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("{")
    assert "no register" in next(disclosure.released(frame, "a.csv", [1, 2024]))
