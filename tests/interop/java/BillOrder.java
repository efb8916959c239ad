import com.oracle.xmlns.abcsimpl.brm.industry.comms.processfulfillmentorderbillingbrmcommsprovabcsimpl.v1.FaultMessage;
import com.oracle.xmlns.abcsimpl.brm.industry.comms.processfulfillmentorderbillingbrmcommsprovabcsimpl.v1.ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.FaultNotificationType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.FaultType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderLineResponseType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderResponseType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingEBMType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingResponseEBMType;
import com.oracle.xmlns.enterpriseobjects.industry.communications.orderfailuredata.v1.OrderFailureDataType;
import java.net.URL;

/**
 * BillOrder WSDL-URL ORDER-NUMBER ACCOUNT BILLING-PROFILE SERVICE-ID: bills an order and prints what the typed answer, or the
 * typed fault, says: a line a fact, name and value separated by a tab.
 */
public final class BillOrder {
    public static void main(String[] arguments) throws Exception {
        ProcessFulfillmentOrderBillingEBMType order = Orders.mobile(arguments[1], arguments[2], arguments[3], arguments[4]);
        ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl service =
                new ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl(new URL(arguments[0]));
        say("request", order.getEBMHeader().getEBMID());
        try {
            tell(service.getProcessFulfillmentOrderBillingBRMCommsProvABCSImplPort().processBilling(order));
        } catch (FaultMessage fault) {
            tell(fault.getFaultInfo());
        }
    }

    private static void tell(ProcessFulfillmentOrderBillingResponseEBMType response) {
        FulfillmentOrderResponseType order = response.getDataArea().getProcessFulfillmentOrderBillingResponse();
        say("answers", response.getEBMHeader().getRequestEBMID().getValue());
        say("from", response.getEBMHeader().getSender().getID());
        say("to", response.getEBMHeader().getTarget().getID());
        say("order", order.getIdentification().getBusinessComponentID().getValue());
        say("status", order.getStatus().getCode().getValue());
        for (FulfillmentOrderLineResponseType line : order.getFulfillmentOrderLine()) {
            say("line", line.getIdentification().getBusinessComponentID().getValue());
            say("line status", line.getStatus().getCode().getValue());
            say("line description", line.getStatus().getDescription());
            say("poid", line.getInstalledProductReference().getInstalledProductIdentification()
                    .getApplicationObjectKey().getID().getValue());
        }
    }

    private static void tell(FaultType fault) {
        say("fault on", fault.getEBMReference().getEBMID().getValue());
        for (FaultNotificationType notification : fault.getFaultNotification()) {
            say("fault code", notification.getFaultMessage().getCode().getValue());
            say("fault text", String.join(" ", notification.getFaultMessage().getText()));
            say("fault service", notification.getFaultingService().getID().getValue());
            OrderFailureDataType order = notification.getFaultMessage().getApplicationFaultData().getOrderFailureData();
            say("failed order", order.getOrderID().getBusinessComponentID().getValue());
        }
    }

    private static void say(String name, String value) {
        System.out.println(name + "\t" + value);
    }
}
