"""Studies: grids of runs on one machine or a cluster, kept, resumed, compared."""
