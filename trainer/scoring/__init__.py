"""How good probabilities are: metrics, calibration, thresholds."""
