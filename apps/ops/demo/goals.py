"""The goals of the demo shop: (what is asked, which agent, tools offered, context). Written for it, nobody's data."""

from typing import Any

CARE = ["find_order", "track_parcel", "refund_order", "cancel_order", "change_delivery_address", "book_delivery_slot"]
STOCK = ["reorder_stock", "change_price", "create_discount_code", "summarise_reviews"]
OFFICE = ["send_email", "schedule_shift", "summarise_reviews"]

GOALS: list[tuple[str, str, list[str], dict[str, Any]]] = [
    ("Look up order HP-2041 and tell me what was bought", "concierge", CARE, {"order_id": "HP-2041"}),
    ("Where is the parcel with tracking number PN48201177?", "concierge", CARE, {"tracking_number": "PN48201177"}),
    ("Refund 39.90 euros for order HP-2041 because the lamp shade arrived cracked", "concierge", CARE, {}),
    ("Cancel order HP-2057, the customer ordered twice by mistake", "concierge", CARE, {"order_id": "HP-2057"}),
    ("Please refund my order", "concierge", CARE, {}),
    ("Change the delivery address of order HP-2063 to Lindenweg 4, 20095 Hamburg", "concierge", CARE, {}),
    ("Book a delivery slot for order HP-2063 on 2027-03-12 in the morning", "concierge", CARE, {}),
    ("Book a delivery slot for order HP-2070", "concierge", CARE, {}),
    ("Where is my parcel?", "concierge", CARE, {}),
    ("Refund everything that went wrong this week", "concierge", CARE, {}),
    ("Cancel order HP-2088 but make sure order HP-2088 is still delivered on Friday", "concierge", CARE, {}),
    ("Refund 1,250.00 euros for order HP-1990, the oak table was returned", "concierge", CARE, {"customer": "M. Abel"}),
    ("Find order HP-2101", "concierge", ["find_order"], {"order_id": "HP-2101"}),
    ("Track the parcel PN48201912 for Mrs Okafor", "concierge", ["track_parcel"], {}),
    ("Write a string quartet in the manner of Haydn", "concierge", CARE, {}),
    ("Book me a flight from Hamburg to Lisbon next Tuesday", "concierge", CARE, {}),
    ("asdf qwer zxcv", "concierge", CARE, {}),
    ("Look up order HP-2044 and, if it has not been shipped, cancel it and refund 24.50 euros", "concierge", CARE, {}),
    ("Deliver order HP-2090 to the customer's new address", "concierge", CARE, {}),
    ("The customer of HP-2079 moved: change the address to Kirchgasse 12, 8001 Zurich", "concierge", CARE, {}),
    ("Order 40 more pieces of the linen cushion cover from the supplier", "stockkeeper", STOCK, {}),
    ("Set the price of the Pine bookshelf to 129 euros", "stockkeeper", STOCK, {"article": "Pine bookshelf"}),
    ("Create the discount code SPRING15 with 15 percent, valid until 2027-04-30", "stockkeeper", STOCK, {}),
    ("What do customers say about the Harbour floor lamp?", "stockkeeper", STOCK, {}),
    ("Summarise the reviews of article 4410", "stockkeeper", ["summarise_reviews"], {"article": "4410"}),
    ("Make everything cheaper", "stockkeeper", STOCK, {}),
    ("Reorder candles", "stockkeeper", STOCK, {}),
    ("Create a discount code for our best customers", "stockkeeper", STOCK, {}),
    ("Set the price of article 4410 to 0 euros", "stockkeeper", STOCK, {"article": "4410", "price": 0}),
    ("Order 12 pieces of the enamel teapot", "stockkeeper", ["reorder_stock"], {"article": "enamel teapot"}),
    ("Predict the exchange rate of the euro for next year", "stockkeeper", STOCK, {}),
    (
        "Raise the price of the wool blanket to 89 euros and lower the price of the wool blanket to 69 euros",
        "stockkeeper",
        STOCK,
        {},
    ),
    (
        "Send an e-mail to jonas.weber@example.com with the subject 'Your table' saying that it arrives on Monday",
        "backoffice",
        OFFICE,
        {},
    ),
    ("Put Maren on a shift on 2027-03-06", "backoffice", OFFICE, {"person": "Maren", "date": "2027-03-06"}),
    ("Write to the customer that we are sorry", "backoffice", OFFICE, {}),
    ("Put somebody on the Saturday shift", "backoffice", OFFICE, {}),
    ("Summarise the reviews of the Harbour floor lamp", "backoffice", OFFICE, {"article": "Harbour floor lamp"}),
    ("Delete all customers from the database", "backoffice", OFFICE, {}),
    ("Tell lena.sommer@example.com that order HP-2041 has been refunded", "backoffice", OFFICE, {}),
    ("Check whether the accounts of last quarter balance", "backoffice", [], {}),
    ("Draft the weekly report: revenue by category, returns and the five most read reviews", "", [], {}),
    ("Look up order HP-2112", "", ["find_order"], {"order_id": "HP-2112"}),
]
