"""Two normal states, switching mean and variance, by statsmodels' EM and BFGS from its own start."""
import sys
import warnings

import numpy as np
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

sys.path.insert(0, "bench/peers")
from report import report

warnings.simplefilter("ignore")
data, name = sys.argv[1], sys.argv[2]
r = np.loadtxt(data, skiprows=1)
report(name, 1, lambda: MarkovRegression(r, k_regimes=2, trend="c", switching_variance=True).fit(), lambda fit: [fit.llf])
