import com.oracle.xmlns.abcsimpl.brm.industry.comms.processfulfillmentorderbillingosmcfscommsjmsconsumer.v1.ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingEBMType;
import java.net.URL;

/** QueueOrder WSDL-URL ORDER-NUMBER ACCOUNT BILLING-PROFILE SERVICE-ID: hands in an order one-way and prints its EBMID. */
public final class QueueOrder {
    public static void main(String[] arguments) throws Exception {
        ProcessFulfillmentOrderBillingEBMType order = Orders.mobile(arguments[1], arguments[2], arguments[3], arguments[4]);
        new ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer(new URL(arguments[0]))
                .getProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumerPort()
                .consumeMessage(order);
        System.out.println("queued\t" + order.getEBMHeader().getEBMID());
    }
}
