"""The story: one order to one paid bill, and one cut cable to one credit, told on live elements through the doors."""
