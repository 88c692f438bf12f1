"""What a backend promises, in words for a DNSProvider's status."""

from kubefed_core.api.conditions import Condition
from kubefed_dns.providers.protocol import Capabilities

GUARDED = "Guarded"
DONE = (
    "a name is read just before it is written, its ownership comes before its data and goes after"
    " it, and what is new comes before what is old goes, where both can be there at once"
)


def words(found: Capabilities) -> tuple[str, ...]:
    said = {"atomic": found.atomic, "conditional": found.conditional, "aliases": found.aliases}
    return (*(word for word, so in said.items() if so), *sorted(found.routing))


def guarded(found: Capabilities) -> Condition:
    """Whether nothing can come between what is planned and what is written."""
    weak = []
    if not found.atomic:
        weak.append("it takes changes one by one, so others may see a part of one")
    if not found.conditional:
        weak.append("it compares nothing, so it may write over what others write at that moment")
    if not weak:
        why = "every change is taken whole, and only where nobody else has written meanwhile"
        return Condition(GUARDED, "True", "AtomicAndConditional", why)
    reason = "NotAtomic" if found.conditional else "NotConditional"
    if len(weak) > 1:
        reason = "NeitherAtomicNorConditional"
    return Condition(GUARDED, "False", reason, f"{'; '.join(weak)}; {DONE}")
