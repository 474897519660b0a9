"""Whether values lie in one heap or in two."""

import numpy as np

from papi_lib import published


def test_two_heaps_are_found_with_the_gap_between_them_and_one_is_not():
    rng = np.random.default_rng(3)
    apart = np.r_[rng.normal(0, 1, 30), rng.normal(6, 1, 30)]
    p, between = published.two_humps(apart)
    assert p < 0.01
    assert 1.5 < between < 4.5
    assert published.two_humps(100 + 5 * apart)[0] == p  # whatever the unit


def test_one_heap_is_seldom_taken_for_two():
    rng = np.random.default_rng(4)
    found = [published.two_humps(rng.normal(size=60), draws=60)[0] < 0.05 for _ in range(60)]
    assert np.mean(found) <= 0.05
