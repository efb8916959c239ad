"""The words that seeded customers are made of: nobody in particular lives in any of these streets."""

from __future__ import annotations

WOMEN = (
    "Amara", "Alice", "Beth", "Carmen", "Chloe", "Deepa", "Elena", "Emily", "Farah", "Fiona", "Grace", "Hannah",
    "Imogen", "Ingrid", "Jasmine", "Julia", "Karen", "Layla", "Leah", "Lucy", "Maeve", "Maria", "Naomi", "Nina",
    "Olivia", "Parisa", "Priya", "Rachel", "Rosa", "Sara", "Sofia", "Tara", "Uma", "Vera", "Yasmin", "Zoe",
)  # fmt: skip
MEN = (
    "Aaron", "Ahmed", "Ben", "Callum", "Carlos", "Daniel", "David", "Edward", "Emeka", "Finn", "George", "Harry",
    "Ibrahim", "Ivan", "Jack", "James", "Kofi", "Leo", "Liam", "Luca", "Marek", "Mohan", "Nathan", "Noah",
    "Oliver", "Omar", "Patrick", "Rahul", "Ravi", "Samuel", "Sean", "Thomas", "Victor", "William", "Yusuf", "Zack",
)  # fmt: skip
FAMILIES = (
    "Adams", "Ahmed", "Allen", "Anderson", "Bailey", "Baker", "Banerjee", "Bell", "Brown", "Campbell", "Carter",
    "Chen", "Clarke", "Cohen", "Collins", "Cooper", "Costa", "Davies", "Dubois", "Edwards", "Evans", "Ferrari",
    "Fletcher", "Garcia", "Gibson", "Graham", "Green", "Griffiths", "Hall", "Hamilton", "Harris", "Hughes", "Hussain",
    "Jackson", "Jensen", "Johnson", "Kaur", "Kelly", "Khan", "King", "Kowalski", "Lambert", "Lee", "Lewis", "MacDonald",
    "Marshall", "Martin", "Mason", "Mensah", "Mitchell", "Moore", "Morgan", "Murphy", "Murray", "Nguyen", "Novak",
    "O'Brien", "Okafor", "Oliveira", "Owen", "Palmer", "Parker", "Patel", "Phillips", "Price", "Quinn", "Rahman",
    "Reid", "Richards", "Roberts", "Rossi", "Russell", "Schmidt", "Scott", "Shah", "Silva", "Singh", "Smith",
    "Stewart", "Sullivan", "Taylor", "Thompson", "Turner", "Van Dijk", "Walker", "Walsh", "Ward", "Watson", "White",
    "Williams", "Wilson", "Wood", "Wright", "Young",
)  # fmt: skip
STREETS = (
    "Albert Road", "Alma Terrace", "Bath Street", "Beech Avenue", "Bridge Street", "Canal Walk", "Castle Lane",
    "Cedar Close", "Chapel Lane", "Church Road", "Clarence Street", "Dale Crescent", "Elm Grove", "Exchange Street",
    "Foundry Lane", "Garden Row", "George Street", "Granary Wharf", "Grange Road", "Harbour Way", "Heath Drive",
    "High Street", "Hill View", "Holly Bank", "Kings Parade", "Lime Tree Avenue", "Manor Road", "Market Place",
    "Mill Lane", "Moor End", "New Street", "Oak Hill", "Orchard Close", "Park Lane", "Priory Road", "Quay Street",
    "Queens Road", "Regent Terrace", "River Walk", "School Lane", "Spring Gardens", "Station Road", "Stoney Lane",
    "The Crescent", "Union Street", "Victoria Road", "Water Lane", "Wellington Street", "Windmill Hill", "York Place",
)  # fmt: skip
CITIES = (
    ("Aberdeen", "AB", "Aberdeenshire"), ("Bath", "BA", "Somerset"), ("Belfast", "BT", "County Antrim"),
    ("Birmingham", "B", "West Midlands"), ("Bournemouth", "BH", "Dorset"), ("Bradford", "BD", "West Yorkshire"),
    ("Brighton", "BN", "East Sussex"), ("Bristol", "BS", "Bristol"), ("Cambridge", "CB", "Cambridgeshire"),
    ("Cardiff", "CF", "South Glamorgan"), ("Chester", "CH", "Cheshire"), ("Coventry", "CV", "West Midlands"),
    ("Derby", "DE", "Derbyshire"), ("Dundee", "DD", "Angus"), ("Edinburgh", "EH", "Midlothian"),
    ("Exeter", "EX", "Devon"), ("Glasgow", "G", "Lanarkshire"), ("Hull", "HU", "East Yorkshire"),
    ("Leeds", "LS", "West Yorkshire"), ("Leicester", "LE", "Leicestershire"), ("Lincoln", "LN", "Lincolnshire"),
    ("Liverpool", "L", "Merseyside"), ("Manchester", "M", "Greater Manchester"), ("Newcastle", "NE", "Tyne and Wear"),
    ("Norwich", "NR", "Norfolk"), ("Nottingham", "NG", "Nottinghamshire"), ("Oxford", "OX", "Oxfordshire"),
    ("Plymouth", "PL", "Devon"), ("Portsmouth", "PO", "Hampshire"), ("Preston", "PR", "Lancashire"),
    ("Reading", "RG", "Berkshire"), ("Sheffield", "S", "South Yorkshire"), ("Southampton", "SO", "Hampshire"),
    ("Swansea", "SA", "West Glamorgan"), ("Worcester", "WR", "Worcestershire"), ("York", "YO", "North Yorkshire"),
)  # fmt: skip
"""Town, its postcode area, its county."""

FIRMS = (
    "Alder", "Amber", "Anchor", "Ashdown", "Avon", "Beacon", "Blackthorn", "Brook", "Calder", "Cobalt", "Compass",
    "Copper", "Cotswold", "Crown", "Delta", "Dovetail", "Eagle", "Ember", "Falcon", "Fernhill", "Fieldway", "Flint",
    "Foxglove", "Granite", "Harrier", "Hawthorn", "Heron", "Ironbridge", "Juniper", "Kestrel", "Kingfisher", "Lantern",
    "Larkspur", "Linden", "Marlowe", "Meridian", "Millstone", "Northgate", "Oakfield", "Osprey", "Pennine", "Pilgrim",
    "Quarry", "Redwood", "Rowan", "Saltmarsh", "Severn", "Silverdale", "Solent", "Summit", "Thistle", "Trent",
    "Vanguard", "Westbrook", "Whitestone", "Willow", "Wyvern",
)  # fmt: skip
TRADES = (
    "Accountancy", "Bakery", "Books", "Cafe", "Carpentry", "Catering", "Cleaning", "Cycles", "Dental Care", "Design",
    "Electrical", "Estate Agents", "Fitness", "Flowers", "Garage", "Hardware", "Interiors", "Joinery", "Landscaping",
    "Motors", "Opticians", "Pharmacy", "Plumbing", "Printing", "Roofing", "Security", "Studios", "Taxis", "Tiling",
    "Travel", "Veterinary Practice",
)  # fmt: skip
INDUSTRIES = (
    "Aerospace", "Airports", "Building Society", "Chemicals", "Construction", "Energy", "Engineering", "Foods",
    "Healthcare", "Hotels", "Insurance", "Logistics", "Media", "Pharmaceuticals", "Rail", "Retail", "Shipping",
    "Steel", "Textiles", "Water",
)  # fmt: skip
DIVISIONS = ("North", "South", "East", "West", "Midlands", "Scotland")
SITES = ("Depot", "Branch", "Works", "Warehouse", "Offices", "Service Centre")
JOBS = ("Office Manager", "IT Manager", "Finance Director", "Buyer", "Owner", "Fleet Manager", "Facilities Manager")

PROBLEMS = (
    ("Mobile", "Coverage", "No signal indoors", "Calls drop inside the building since the mast works last week."),
    ("Mobile", "Roaming", "Roaming does not work abroad", "Data does not start in France; calls are fine."),
    ("Mobile", "SIM", "SIM card is not recognised", "The handset says that there is no SIM after the last update."),
    ("Mobile", "Number Porting", "Ported number gets no calls", "Outgoing calls work, incoming ones ring out."),
    ("Broadband", "Speed", "Line is slower than ordered", "Evening speeds are a tenth of what was promised."),
    ("Broadband", "Outage", "No connection since this morning", "The router's line light stays red."),
    ("Billing", "Wrong Charge", "Charged twice for one month", "The last bill has the tariff on it two times."),
    ("Billing", "Discount", "Loyalty discount is missing", "The discount that was agreed is not on the bill."),
    ("Billing", "Payment", "Direct debit was refused", "The bank says that no request has come."),
    ("Order", "Delay", "Order is late", "The handset was promised for last Tuesday."),
)
"""Area, sub-area, abstract and description of a ticket."""
