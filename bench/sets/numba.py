"""Compiled functions, kept in a cache.

After https://numba.readthedocs.io/en/stable/user/5minguide.html
"""

import os
import tempfile

os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp()
import numpy as np
from numba import njit, vectorize


@njit(cache=True)
def go_fast(a):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return a + trace


@vectorize(["float64(float64)"])
def half(x):
    return x / 2


x = np.arange(16).reshape(4, 4)
print(go_fast(x).sum().round(6), half(3.0), go_fast.stats.cache_misses)
print(sum(len(files) for _, _, files in os.walk(os.environ["NUMBA_CACHE_DIR"])) > 0)
