"""Questions and verdicts → model versions. Alone imports TensorFlow and scikit-learn."""
