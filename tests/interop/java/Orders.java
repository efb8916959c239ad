import com.oracle.xmlns.enterpriseobjects.core.common.v2.AmountType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.CodeType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.EBMHeaderType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.IdentificationType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.IdentifierType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.ObjectCrossReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.QuantityType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.SenderType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.TargetType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.TimePeriodType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.VerbType;
import com.oracle.xmlns.enterpriseobjects.core.common.v2.WSAddressType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.BillToPartyReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.BillingProfileReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.CustomerPartyReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderItemInstanceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderLineType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderScheduleChargeType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderScheduleType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.FulfillmentOrderType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.InstalledProductReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ItemReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.OwnerPartyReferenceType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingDataAreaType;
import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingEBMType;
import java.math.BigDecimal;
import java.util.UUID;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;

/** The order of the sample add.initiate, written with the classes that wsimport made, for any customer and order number. */
final class Orders {
    private final String number;
    private final String account;
    private final String profile;

    private Orders(String number, String account, String profile) {
        this.number = number;
        this.account = account;
        this.profile = profile;
    }

    /** A mobile bundle with a tariff, a handset fee and a discount, and a paper bill for the account. */
    static ProcessFulfillmentOrderBillingEBMType mobile(String number, String account, String profile, String serviceId)
            throws Exception {
        Orders orders = new Orders(number, account, profile);
        FulfillmentOrderType order = orders.header();
        FulfillmentOrderLineType bundle = orders.line("1", "item-mobile-service", "SERVICE BUNDLE", null);
        bundle.getItemReference().getClassificationCode().add(0, code("/service/telco/gsm/telephony", "PermittedTypeCode"));
        bundle.getFulfillmentOrderSchedule().setFulfillmentOrderItemInstance(instance(serviceId));
        FulfillmentOrderLineType tariff = orders.line("1.1", "item-mobile-tariff", "SUBSCRIPTION", "1");
        tariff.getFulfillmentOrderSchedule().getFulfillmentOrderScheduleCharge().add(charge("RECURRING", "35.00", "30.00"));
        FulfillmentOrderLineType handset = orders.line("1.2", "item-handset-fee", "ITEM", "1");
        handset.getFulfillmentOrderSchedule().getFulfillmentOrderScheduleCharge().add(charge("ONE-TIME", "120.00", null));
        FulfillmentOrderLineType discount = orders.line("1.3", "item-loyalty-discount", "DISCOUNT", "1");
        discount.setEffectiveTimePeriod(until("2028-11-20T00:00:00Z"));
        FulfillmentOrderLineType paper = orders.line("2", "item-paper-bill", "SUBSCRIPTION", null);
        order.getFulfillmentOrderLine().addAll(java.util.List.of(bundle, tariff, handset, discount, paper));
        return orders.message(order);
    }

    private ProcessFulfillmentOrderBillingEBMType message(FulfillmentOrderType order) throws Exception {
        ProcessFulfillmentOrderBillingDataAreaType area = new ProcessFulfillmentOrderBillingDataAreaType();
        area.setProcess(new VerbType());
        area.setProcessFulfillmentOrderBilling(order);
        ProcessFulfillmentOrderBillingEBMType message = new ProcessFulfillmentOrderBillingEBMType();
        message.setEBMHeader(envelope());
        message.setDataArea(area);
        message.setVersionID("1.0");
        message.setLanguageCode("en");
        return message;
    }

    private EBMHeaderType envelope() throws Exception {
        ObjectCrossReferenceType reference = new ObjectCrossReferenceType();
        reference.setSenderObjectIdentification(orderIdentification());
        WSAddressType reply = new WSAddressType();
        reply.setReplyTo(identifier("ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer", null, null));
        SenderType sender = new SenderType();
        sender.setID("OSMCFS_01");
        sender.getObjectCrossReference().add(reference);
        sender.setWSAddress(reply);
        TargetType target = new TargetType();
        target.setID("BRM_01");
        EBMHeaderType header = new EBMHeaderType();
        header.setEBMID(UUID.randomUUID().toString());
        header.setCreationDateTime(moment("2026-11-20T10:00:00Z"));
        header.setSender(sender);
        header.setTarget(target);
        return header;
    }

    private FulfillmentOrderType header() throws Exception {
        CustomerPartyReferenceType customer = new CustomerPartyReferenceType();
        customer.setCustomerPartyAccountIdentification(common("CUSTOMERPARTY_ACCOUNTID", account));
        FulfillmentOrderType order = new FulfillmentOrderType();
        order.setIdentification(orderIdentification());
        order.setOrderDateTime(moment("2026-11-20T09:58:00Z"));
        order.setFulfillmentModeCode(code("DELIVER", null));
        order.setBillingMode(code("INITIATE BILLING", null));
        order.setCustomerPartyReference(customer);
        return order;
    }

    private IdentificationType orderIdentification() {
        IdentificationType identification = common("SALESORDER_ID", "order-" + number);
        identification.setID(identifier(number, "SALESORDER_NUMBER", "SEBL_01"));
        return identification;
    }

    private FulfillmentOrderLineType line(String position, String item, String billingType, String parent) {
        InstalledProductReferenceType asset = new InstalledProductReferenceType();
        asset.setInstalledProductIdentification(common("INSTALLEDPRODUCT_ID", "asset-" + number + "-" + position));
        ItemReferenceType product = new ItemReferenceType();
        product.setItemIdentification(common("ITEM_ITEMID", item));
        product.getClassificationCode().add(code(billingType, "BillingProductTypeCode"));
        FulfillmentOrderLineType line = new FulfillmentOrderLineType();
        line.setIdentification(lineIdentification(position));
        line.setActionCode(code("ADD", null));
        line.setOrderQuantity(quantity("1"));
        line.setInstalledProductReference(asset);
        line.setItemReference(product);
        line.setFulfillmentOrderSchedule(schedule());
        if (parent != null) {
            line.setParentFulfillmentOrderLineIdentification(lineIdentification(parent));
            line.setRootParentFulfillmentOrderLineIdentification(lineIdentification(parent));
        }
        return line;
    }

    private IdentificationType lineIdentification(String position) {
        return common("SALESORDER_LINEID", "line-" + number + "-" + position);
    }

    private FulfillmentOrderScheduleType schedule() {
        OwnerPartyReferenceType owner = new OwnerPartyReferenceType();
        owner.setCustomerPartyAccountIdentification(common("CUSTOMERPARTY_ACCOUNTID", account));
        BillingProfileReferenceType bill = new BillingProfileReferenceType();
        bill.setBillingProfileIdentification(common("CUSTOMERPARTY_BILLPROFILEID", profile));
        BillToPartyReferenceType payer = new BillToPartyReferenceType();
        payer.setCustomerPartyAccountIdentification(common("CUSTOMERPARTY_ACCOUNTID", account));
        payer.setBillingProfileReference(bill);
        FulfillmentOrderScheduleType schedule = new FulfillmentOrderScheduleType();
        schedule.setOwnerPartyReference(owner);
        schedule.setBillToPartyReference(payer);
        return schedule;
    }

    private static FulfillmentOrderScheduleChargeType charge(String type, String list, String override) {
        FulfillmentOrderScheduleChargeType charge = new FulfillmentOrderScheduleChargeType();
        charge.setPriceTypeCode(code(type, null));
        charge.setUnitListPrice(amount(list));
        charge.setPriceOverride(override == null ? null : amount(override));
        return charge;
    }

    private static FulfillmentOrderItemInstanceType instance(String serviceId) {
        IdentificationType identification = new IdentificationType();
        identification.setID(identifier(serviceId, null, null));
        FulfillmentOrderItemInstanceType instance = new FulfillmentOrderItemInstanceType();
        instance.setIdentification(identification);
        return instance;
    }

    private static TimePeriodType until(String end) throws Exception {
        TimePeriodType period = new TimePeriodType();
        period.setEndDateTime(moment(end));
        return period;
    }

    private static IdentificationType common(String scheme, String id) {
        IdentificationType identification = new IdentificationType();
        identification.setBusinessComponentID(identifier(id, scheme, "COMMON"));
        return identification;
    }

    private static IdentifierType identifier(String value, String scheme, String agency) {
        IdentifierType identifier = new IdentifierType();
        identifier.setValue(value);
        identifier.setSchemeID(scheme);
        identifier.setSchemeAgencyID(agency);
        return identifier;
    }

    private static CodeType code(String value, String list) {
        CodeType code = new CodeType();
        code.setValue(value);
        code.setListID(list);
        return code;
    }

    private static AmountType amount(String value) {
        AmountType amount = new AmountType();
        amount.setValue(new BigDecimal(value));
        amount.setCurrencyCode("GBP");
        return amount;
    }

    private static QuantityType quantity(String value) {
        QuantityType quantity = new QuantityType();
        quantity.setValue(new BigDecimal(value));
        return quantity;
    }

    private static XMLGregorianCalendar moment(String text) throws Exception {
        return DatatypeFactory.newInstance().newXMLGregorianCalendar(text);
    }
}
