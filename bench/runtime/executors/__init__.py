"""Engines that run pieces of work: in this process, in processes of this machine, on a Ray cluster, by SLURM."""
