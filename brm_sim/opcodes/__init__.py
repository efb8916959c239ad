"""The opcodes that are simulated: the table. PCM_OP_TRANS_* are in :mod:`brm_sim.transactions`."""

from collections.abc import Mapping

from brm_sim.call import Opcode
from brm_sim.opcodes.commit_customer import commit_customer
from brm_sim.opcodes.modify_customer import modify_customer
from brm_sim.opcodes.purchase_deal import purchase_deal
from brm_sim.opcodes.reading import loopback, read_flds, read_obj, search
from brm_sim.opcodes.set_info import set_discountinfo, set_prodinfo
from brm_sim.opcodes.update_customer import update_customer
from brm_sim.opcodes.update_services import update_services

OPCODES: Mapping[str, Opcode] = {
    "PCM_OP_CUST_COMMIT_CUSTOMER": commit_customer,
    "PCM_OP_CUST_MODIFY_CUSTOMER": modify_customer,
    "PCM_OP_CUST_UPDATE_CUSTOMER": update_customer,
    "PCM_OP_CUST_UPDATE_SERVICES": update_services,
    "PCM_OP_READ_FLDS": read_flds,
    "PCM_OP_READ_OBJ": read_obj,
    "PCM_OP_SEARCH": search,
    "PCM_OP_SUBSCRIPTION_PURCHASE_DEAL": purchase_deal,
    "PCM_OP_SUBSCRIPTION_SET_DISCOUNTINFO": set_discountinfo,
    "PCM_OP_SUBSCRIPTION_SET_PRODINFO": set_prodinfo,
    "PCM_OP_TEST_LOOPBACK": loopback,
}

__all__ = ["OPCODES"]
