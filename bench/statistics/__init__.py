"""Statistics of per-image values: intervals and tests that are the same on every machine."""

from bench.statistics.clusters import ClusterSums, cluster_sums
from bench.statistics.decisions import detectable_effect, holm, min_pictures, sign_test_p
from bench.statistics.intervals import INTERVAL, cluster_intervals
from bench.statistics.paired import sign_flip_p, standard_errors, wilcoxon_p

__all__ = [
    "INTERVAL",
    "ClusterSums",
    "cluster_intervals",
    "cluster_sums",
    "detectable_effect",
    "holm",
    "min_pictures",
    "sign_flip_p",
    "sign_test_p",
    "standard_errors",
    "wilcoxon_p",
]
