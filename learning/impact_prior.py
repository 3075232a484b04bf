"""How likely each model of day blocks is before a metric is looked at. Pure.

Learned by expectation maximisation from windows without an effect: 8,000 windows of the public half
of the impact yardstick, each model weighed by how well it explains the history and forecasts the
window, with 5 windows added to every model. docs/methods.md says what it buys on other series.
"""

# In thousandths: one line per level (as in DAY_LEVELS), in it one bracket per strength of the week
# (as in DAY_WEEKS), in that one number per strength of a trend (as in DAY_TRENDS).
DAY_MODELS = (
    ((112, 3, 1, 1), (36, 6, 14, 1), (16, 6, 8, 1)),
    ((3, 3, 16, 1), (41, 38, 22, 1), (9, 8, 13, 19)),
    ((4, 4, 5, 1), (6, 6, 16, 2), (8, 8, 9, 9)),
    ((2, 2, 1, 1), (7, 6, 10, 8), (8, 7, 8, 1)),
    ((1, 1, 1, 12), (2, 2, 2, 1), (8, 8, 36, 4)),
    ((5, 5, 5, 50), (3, 3, 3, 2), (3, 3, 3, 2)),
    ((48, 3, 1, 1), (13, 6, 12, 1), (14, 6, 8, 1)),
    ((3, 3, 1, 1), (34, 59, 39, 1), (9, 6, 9, 1)),
    ((1, 1, 1, 1), (3, 3, 4, 1), (8, 7, 6, 1)),
)
