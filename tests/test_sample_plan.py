"""The sample planner: margins against a survey's own, power against simulated surveys."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower

from papi_lib import index
from papi_lib.survey import domain_means, plan, units

#: A part of which people differ by 10 points, neighbours are a fifth alike, all are asked and weigh the same.
PARTS = pd.DataFrame({"spread": [10.0], "icc": [0.2], "answered": [1.0], "near": [1.0], "weighting": [1.0]}, ["total"])


def surveys_of(rng, villages, people, surveys):
    """Scores of one place's people in drawn villages, as `PARTS` says: surveys × villages × people."""
    own = rng.normal(0, np.sqrt(80), (surveys, villages, people))
    return own + rng.normal(0, np.sqrt(20), (surveys, villages, 1))


def test_planned_margins_are_those_that_the_survey_has():
    """Planned for the villages and people of each district, from what all of them show."""
    survey = units.load()
    parts = [*index.dimensions(2024), "total"]
    for district in ["001", "016"]:
        sample = survey.sample(district, "total")
        planned = plan.margins(
            survey.components, sample["clusters"], sample["respondents"] / sample["clusters"], places=30
        )
        found = survey.scores.loc[district].loc[parts, "se"]
        assert (planned.loc[parts, "se"] / found).between(0.85, 1.18).all()
    whole = survey.components
    assert whole["icc"].between(0, 1).all()
    assert whole.loc[5, "answered"] < 0.3 < whole.loc[4, "answered"]


def test_the_simulated_design_and_what_half_a_point_takes():
    """Twelve villages and 140 people give a little under a point; half of that takes about four times the villages."""
    parts = units.load().components
    assert plan.margins(parts, 12, 12, places=30).at["total", "margin"] == pytest.approx(0.93, abs=0.02)
    assert plan.villages_for(parts, 0.87, 12, places=30) == 14
    assert plan.villages_for(parts, 0.5, 12, places=30) == 42


def test_planned_errors_are_those_of_surveys_drawn():
    rng = np.random.default_rng(0)
    for villages, people in [(6, 20), (12, 12), (30, 4)]:
        planned = plan.margins(PARTS, villages, people).loc["total"]
        drawn = surveys_of(rng, villages, people, 3000).mean(axis=(1, 2))
        assert planned["se"] == pytest.approx(np.std(drawn), rel=0.05)
        large = surveys_of(rng, villages * 100, people, 1).ravel()
        frame = pd.DataFrame({"score": large, "village": np.arange(len(large)) // people})
        assert planned["se"] / 10 == pytest.approx(
            domain_means(frame, "score", cluster="village")["se"].iloc[0], rel=0.1
        )


def test_power_is_how_often_a_change_is_found():
    """Two surveys a place, each tested with the error of its own records; with 30 villages the normal distribution will do."""
    rng, change = np.random.default_rng(1), 3.0
    before, after = (surveys_of(rng, 30, 10, 4000).mean(axis=2) + level for level in (0.0, change))
    errors = [np.std(villages, axis=1, ddof=1) / np.sqrt(30) for villages in (before, after)]
    z = (after.mean(axis=1) - before.mean(axis=1)) / np.hypot(*errors)
    found = np.abs(z) > 2.0  # Student's with 58 degrees of freedom
    told = NormalIndPower().power(change / 10, plan.effective(PARTS, 30, 10)["total"], 0.05)
    assert 0.3 < told < 0.8
    assert found.mean() == pytest.approx(told, abs=0.04)


def test_villages_tell_more_than_neighbours_and_all_of_them_leave_no_village_to_chance():
    few, many = plan.effective(PARTS, 5, 40)["total"], plan.effective(PARTS, 40, 5)["total"]
    assert few < many / 4
    assert plan.effective(PARTS, 10, 12, of=10)["total"] == pytest.approx(120 / 0.8)
    assert plan.villages_for(PARTS, 2.0, 10) > plan.villages_for(PARTS, 2.0, 10, of=40)
    # a question asked of a tenth: little from each village, but strangers
    rare = PARTS.assign(answered=0.1, near=0.1)
    assert 10 < plan.effective(rare, 20, 10)["total"] < 20


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: plan.margins(PARTS, 1, 12), "1 villages with 12 people in 1 places; take at least 2, 1 and 1"),
        (lambda: plan.villages_for(PARTS, 0.01, 5), "2000 villages with 5 people each do not give ±0.01"),
        (lambda: plan.villages_for(PARTS, 1.0, 5, of=8), "8 villages with 5 people each do not give ±1"),
    ],
)
def test_what_cannot_be_planned_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
