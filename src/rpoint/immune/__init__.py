"""T cells and antibodies against PD-1 and PD-L1, the interferon hypothesis, hazard of death."""

from rpoint.immune.course import ImmuneCourse, Switches, growth_factor, immune_course
from rpoint.immune.hazard import death_hazard

__all__ = ["ImmuneCourse", "Switches", "death_hazard", "growth_factor", "immune_course"]
