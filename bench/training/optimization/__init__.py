"""Optimization: the budget and the learning rate, one step of all optimizers, weight averages, several processes."""
