"""What became of the points that OpenTelemetry sent: what its sender is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engagement.models import FollowedInstrument
from engagement.telemetry_points import Instrument


@dataclass(slots=True)
class Taken:
    """How many points were new, were known or are not followed, and which were refused and why."""

    new: int = 0
    known: int = 0
    unfollowed: int = 0
    refused: int = 0
    why: list[str] = field(default_factory=list)

    def refuse(self, many: int, why: str) -> None:
        """Count points that cannot be taken."""
        if many:
            self.refused += many
            if why not in self.why:
                self.why.append(why)


def refuse_made_of_events(
    held: FollowedInstrument, instruments: Iterable[Instrument], taken: Taken
) -> None:
    """Count the points as refused, and note it where the instrument is shown."""
    why = (
        f"{held.name} feeds {held.metric.key}, which is worked out of events. "
        "Follow it under another metric."
    )
    taken.refuse(sum(len(one.points) for one in instruments), why)
    FollowedInstrument.objects.filter(pk=held.pk).update(note=why[:999])
