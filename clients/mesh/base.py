"""What both clients are made of: addresses, options, and the budget of their hedges."""

from __future__ import annotations

from typing import Self, Unpack

from maskmesh.clients.mesh.calls import Service
from maskmesh.clients.mesh.hedging import Hedges
from maskmesh.clients.mesh.options import OptionFields, Options
from maskmesh.services.runtime.processes import MeshAddresses


class ClientBase:
    """Knows where the services are and how calls are to be made."""

    def __init__(self, addresses: MeshAddresses, **options: Unpack[OptionFields]) -> None:
        """Prepare channels; nothing is sent until the first call.

        Args:
            addresses: Where the three services listen: each host:port, or a target of gRPC
                ("dns:///name:port", "ipv4:10.0.0.1:50051,10.0.0.2:50051").
            **options: How calls are made; see `Options`.

        Raises:
            InvalidInputError: The security's parts do not fit together, or not to the addresses.
            SetupError: A file of the security cannot be read.
        """
        self._addresses = addresses
        self._options = Options(**options)
        self._hedges = Hedges(self._options.hedging)
        self._open()

    @classmethod
    def connect(cls, address: str, **options: Unpack[OptionFields]) -> Self:
        """Return a client of the mesh that `maskmesh up --host H --port P` started.

        Args:
            address: "H:P", the location service's; the others are at P+1 and P+2. Targets of gRPC
                that end in a port ("dns:///name:P") are counted up in the same way.
            **options: How calls are made; see `Options`.

        Raises:
            InvalidInputError: The address has no port, or does not fit the security.
            SetupError: A file of the security cannot be read.
        """
        return cls(MeshAddresses.at(address), **options)

    def address(self, service: Service) -> str:
        """Return the host:port or the target that a service is called at."""
        address: str = getattr(self._addresses, service)
        return address

    def _open(self) -> None:
        raise NotImplementedError
