"""The load balancers of a local cluster: addresses for its Services and Ingresses."""

from kubefed_core.local.cloud import balancers
from kubefed_core.local.cloud.balancers import Wish
from kubefed_core.local.cloud.pool import Pool
from kubefed_core.local.cloud.territory import Territory
from kubefed_core.local.cloud.view import View
from kubefed_core.objects import Key, Obj
from kubefed_core.resources import Resource


class Frontends:
    """An object keeps the address that was allocated to it for as long as it is there."""

    def __init__(self, view: View, territory: Territory) -> None:
        self._view = view
        self._cluster = territory.cluster
        self._pools = {
            balancers.IPV4: Pool(territory.load_balancers()),
            balancers.IPV6: Pool(territory.load_balancers_v6()),
        }

    def note(self, resource: Resource, key: Key) -> None:
        """Keep account of the addresses that an object has or gives up.

        To be called for each change at once, before an address is given.
        """
        obj = self._view.get(resource, key)
        for pool in self._pools.values():
            if obj is None:
                pool.take_back((resource, key))
                continue
            for point in balancers.present(obj):
                if "ip" in point:
                    pool.claim((resource, key), point["ip"])

    async def balance(self, resource: Resource, key: Key) -> None:
        """Write the address that the object asks for into its status."""
        obj = self._view.get(resource, key)
        if obj is None:
            return
        points = [self._point(resource, key, obj, wish) for wish in balancers.wishes(obj)]
        if points != balancers.present(obj):
            await self._view.patch_status(resource, key, balancers.status(points))

    def _point(self, resource: Resource, key: Key, obj: Obj, wish: Wish) -> dict[str, str]:
        if wish.kind == balancers.HOSTNAME:
            return {"hostname": wish.value or balancers.hostname(obj, self._cluster)}
        return {"ip": wish.value or self._pools[wish.kind].give((resource, key))}
