"""Tests of the BRM simulator."""
