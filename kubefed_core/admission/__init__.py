"""Admission: rules asked by the API server before it takes an object, served by kopf."""
