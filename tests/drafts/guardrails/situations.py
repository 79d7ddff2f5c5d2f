"""What is known in the cases: tools, passages and mails of a few made-up businesses."""

from __future__ import annotations

from typing import Any

MUGS: dict[str, Any] = {
    "intent": "ORDER",
    "now": "2026-11-21",
    "customer": ["anna.smith@mail.example", "Anna Smith"],
    "own": ["help@potter.example", "Potter & Sons", "www.potter.example", "Tom", "+44 20 7946 0958"],
    "thread": [
        "Hello, where is my order PS-20417? I paid with my card and you promised me a refund of £500 if it is "
        "late. Anna"
    ],
    "tools": [
        {
            "name": "order",
            "data": {
                "order_id": "PS-20417",
                "status": "shipped",
                "ordered_at": "2026-11-17T09:12:00Z",
                "shipped_at": "2026-11-19T15:40:00Z",
                "estimated_delivery": "2026-11-24",
                "delivered_at": None,
                "currency": "GBP",
                "subtotal": 54.99,
                "shipping_cost": 5.00,
                "total": 59.99,
                "items": [
                    {"name": "Blue mug", "quantity": 2, "unit_price": 10.00},
                    {"name": "Oak lamp", "quantity": 1, "unit_price": 34.99},
                ],
                "customer": {"name": "Anna Smith", "email": "anna.smith@mail.example"},
            },
        },
        {
            "name": "parcel",
            "data": {
                "tracking_number": "RM778812345GB",
                "carrier": "Royal Mail",
                "status": "in transit",
                "last_seen": "Leeds",
            },
        },
    ],
    "passages": [
        {
            "kind": "snippet",
            "title": "Returns",
            "text": "You can return anything within 30 days of delivery. Refunds take 5-7 business days "
            "after the return "
            "has reached us. Returns are free of charge.",
        },
        {
            "kind": "snippet",
            "title": "Delivery",
            "text": "Standard delivery takes 3-5 business days and costs £5. Delivery is free for orders "
            "over £75. We ship "
            "from Monday to Friday.",
        },
        {
            "kind": "reply",
            "title": "",
            "text": "Hi Sarah,\nyour order PS-18333 was delivered on 2 November by DPD. As an apology we "
            "give you a 15% "
            "discount.\nKind regards, Tom",
        },
    ],
}

CLINIC: dict[str, Any] = {
    "intent": "APPOINTMENT",
    "now": "2026-03-09",
    "customer": ["j.miller@post.example", "Jonas Miller"],
    "own": ["frontdesk@brightsmile.example", "Bright Smile Dental"],
    "thread": [
        "Hi, can you tell me when my next appointment is and with whom? I think it was on Tuesday. Also, could "
        "I move it to the week after? Thanks, Jonas"
    ],
    "tools": [
        {
            "name": "appointments",
            "data": {
                "appointment_id": "A-3391",
                "patient": {"name": "Jonas Miller"},
                "date": "2026-03-17",
                "start": "2026-03-17T14:30:00",
                "duration_minutes": 45,
                "dentist": "Dr. Patel",
                "room": 3,
                "status": "confirmed",
                "deposit": {"amount": 25, "currency": "USD", "status": "paid"},
            },
        }
    ],
    "passages": [
        {
            "kind": "snippet",
            "title": "Opening hours",
            "text": "We are open Monday to Friday from 8 am to 6 pm and on Saturdays from 9 am to 1 pm. We "
            "are closed on "
            "Sundays.",
        },
        {
            "kind": "snippet",
            "title": "Moving an appointment",
            "text": "Appointments can be moved or cancelled free of charge up to 24 hours before they "
            "begin. Later than "
            "that we keep the deposit of $25.",
        },
    ],
}

REFUND: dict[str, Any] = {
    "intent": "REFUND",
    "now": "2026-06-15",
    "customer": ["maria.k@web.example", "Maria Keller"],
    "own": ["service@bikeshop.example", "The Bike Shop"],
    "thread": [
        "Hello, I sent back the helmet two weeks ago (order 884213) and I still have no money. You said it "
        "would take 3 days! Maria Keller"
    ],
    "tools": [
        {
            "name": "refunds",
            "data": {
                "order_number": 884213,
                "return": {"received_at": "2026-06-08", "status": "received"},
                "refund": {
                    "status": "pending",
                    "amount": 79.90,
                    "currency": "EUR",
                    "method": "PayPal",
                    "expected_by": "2026-06-19",
                },
                "items": [{"product": "Helmet Urban M", "reason": "too small"}],
            },
        }
    ],
    "passages": [
        {
            "kind": "snippet",
            "title": "Refunds",
            "text": "We refund within 14 days after we receive the return, by the way it was paid. Shipping costs are "
            "refunded for faulty items only.",
        },
        {
            "kind": "snippet",
            "title": "Exchange",
            "text": "An exchange for another size is free of charge within 60 days.",
        },
    ],
}

TWO_ORDERS: dict[str, Any] = {
    "intent": "TRACKING",
    "now": "2026-09-02",
    "customer": ["li.wei@inbox.example", "Li Wei"],
    "own": ["care@gadgets.example", "Gadget World"],
    "thread": ["Hi, what is happening with my orders GW-5501 and GW-5502? Li"],
    "tools": [
        {
            "name": "orders",
            "data": {
                "orders": [
                    {
                        "order_id": "GW-5501",
                        "status": "delivered",
                        "delivered_at": "2026-08-30",
                        "carrier": "UPS",
                        "total": 129.0,
                        "currency": "USD",
                        "tracking_number": "1Z999AA10123456784",
                    },
                    {
                        "order_id": "GW-5502",
                        "status": "processing",
                        "estimated_ship_date": "2026-09-04",
                        "carrier": "FedEx",
                        "total": 249.5,
                        "currency": "USD",
                    },
                ]
            },
        }
    ],
    "passages": [
        {
            "kind": "snippet",
            "title": "Shipping",
            "text": "Orders ship within 2 business days. Express shipping takes 1-2 business days and costs $19.99.",
        }
    ],
}

GENERAL: dict[str, Any] = {
    "intent": "GENERAL",
    "now": "2026-05-04",
    "customer": ["pat@example.org", "Pat Jones"],
    "own": ["hello@teahouse.example", "The Tea House"],
    "thread": ["Good morning, do you ship to Norway, and what does it cost? And how long do your teas keep? Pat"],
    "tools": [],
    "passages": [
        {
            "kind": "snippet",
            "title": "Shipping abroad",
            "text": "We ship to all countries of Europe, Norway and Switzerland included. Shipping to "
            "Norway costs €14.90 "
            "and takes 6 to 10 days. Customs duties are paid by the customer.",
        },
        {
            "kind": "snippet",
            "title": "Keeping tea",
            "text": "Unopened, our teas keep for 24 months. After opening they are best within three months.",
        },
    ],
}

UNKNOWN: dict[str, Any] = {
    "intent": "ORDER",
    "now": "2026-11-21",
    "customer": ["sam@mail.example", "Sam Lee"],
    "own": ["help@potter.example", "Potter & Sons"],
    "thread": ["Where is my stuff?? I ordered two weeks ago. Order 55123 or so. Sam"],
    "tools": [{"name": "order", "data": None, "ok": False}],
    "passages": [
        {
            "kind": "reply",
            "title": "",
            "text": "Hi Joe,\nyour order 77001 was shipped on 3 May with DPD and arrives on 5 May. Best, Tom",
        }
    ],
}

STOCK: dict[str, Any] = {
    "intent": "ORDER",
    "now": "2026-02-10",
    "customer": ["r.garcia@mail.example", "Rosa Garcia"],
    "own": ["shop@outdoor.example", "Outdoor Hut"],
    "thread": ["Do you have the Alpine tent in green, and could I get it before the weekend? Rosa"],
    "tools": [
        {
            "name": "stock",
            "data": {
                "products": [
                    {
                        "name": "Alpine tent green",
                        "sku": "AT-201",
                        "stock": 0,
                        "restock_date": "2026-02-26",
                        "price": 349.00,
                        "currency": "EUR",
                    },
                    {"name": "Alpine tent red", "sku": "AT-202", "stock": 7, "price": 329.00, "currency": "EUR"},
                ]
            },
        }
    ],
    "passages": [
        {
            "kind": "snippet",
            "title": "Delivery",
            "text": "What is in stock leaves us within one business day and is delivered 2 to 3 business "
            "days later. All "
            "tents come with a three-year warranty.",
        }
    ],
}
