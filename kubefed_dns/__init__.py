"""Multicluster DNS: from what member clusters serve to what DNS providers answer."""
