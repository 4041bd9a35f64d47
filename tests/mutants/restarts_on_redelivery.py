"""A faulty provisioner: it takes an event that comes again for a new one (EVENT-DUPLICATE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.store import Store

# Far above all numbers of events, so that the order of a repeated event gets a reference of its own.
AGAIN = 2**40


class ForgetfulStore(Store):
    """Does not know an event that it has stored before."""

    def add_event(self, event: Event) -> bool:
        """Store the event, under another number where its own is taken."""
        return super().add_event(event) or super().add_event(
            event.model_copy(update={"i_event": event.i_event + AGAIN})
        )


if __name__ == "__main__":
    vars(provisioner)["Store"] = ForgetfulStore
    main()
