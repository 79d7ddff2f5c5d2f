"""Good replies, and what may be altered in each so that it states what nobody knows."""

from __future__ import annotations

from typing import Any

from tests.drafts.guardrails.situations import CLINIC, GENERAL, MUGS, REFUND, STOCK, TWO_ORDERS, UNKNOWN

# (situation, body, [(what is replaced, by what, the invented fact)])
GOOD: list[tuple[dict[str, Any], str, list[tuple[str, str, str]]]] = [
    (
        MUGS,
        "Dear Anna,\n\nThank you for your message about order PS-20417. It was shipped on 19 November with "
        "Royal Mail and should arrive on Tuesday, 24 November. Your tracking number is RM778812345GB.\n\nKind "
        "regards,\nTom",
        [
            ("PS-20417", "PS-20471", "PS-20471"),
            ("19 November", "18 November", "18 November"),
            ("Royal Mail", "DPD", "DPD"),
            ("Tuesday, 24 November", "Monday, 23 November", "23 November"),
            ("RM778812345GB", "RM778812354GB", "RM778812354GB"),
            ("should arrive on", "was delivered on", "delivered"),
            ("It was shipped on", "It was delivered on", "delivered"),
            ("Dear Anna", "Dear Emily", "Emily"),
        ],
    ),
    (
        MUGS,
        "Hello Anna,\n\nyour order is on its way: Royal Mail has it, and it was last seen in Leeds. It has not "
        "been delivered yet; we expect it on the 24th.\n\nBest wishes\nTom",
        [
            ("Leeds", "Bristol", "Bristol"),
            ("has not been delivered yet", "has been delivered", "delivered"),
            ("the 24th", "the 22nd", "22nd"),
            ("is on its way", "has been cancelled", "cancelled"),
            ("Royal Mail", "Evri", "Evri"),
        ],
    ),
    (
        MUGS,
        "Hi Anna,\n\nI have looked at your order: two blue mugs at £10 each and an oak lamp at £34.99, plus £5 "
        "for shipping, which comes to £59.99.\n\nAll the best",
        [
            ("two blue mugs", "three blue mugs", "three"),
            ("£10 each", "£12 each", "£12"),
            ("£34.99", "£39.99", "£39.99"),
            ("£5 for", "£6 for", "£6"),
            ("£59.99", "£69.99", "£69.99"),
            ("£59.99", "€59.99", "€59.99"),
            ("£59.99", "about £60", "£60"),
        ],
    ),
    (
        MUGS,
        "Dear Ms Smith,\n\nthank you for writing to us. If you would like to send something back, you can do "
        "so within 30 days of delivery, free of charge. The refund takes five to seven business days once the "
        "return has reached us.\n\nSincerely",
        [
            ("30 days", "60 days", "60 days"),
            ("30 days", "30 weeks", "30 weeks"),
            ("five to seven business days", "two to three business days", "three business days"),
            ("Sincerely", "We guarantee this.\n\nSincerely", "guarantee"),
        ],
    ),
    (
        MUGS,
        "Hi Anna,\n\nI'm sorry for the wait. Your parcel left our warehouse on Thursday and is with Royal Mail "
        "now. Please let us know if it has not reached you by Tuesday and we'll look into it right "
        "away.\n\nThanks for your patience!\nTom",
        [
            ("on Thursday", "on Monday", "Monday"),
            ("by Tuesday", "by Sunday", "Sunday"),
            ("we'll look into it right away", "we'll refund you in full", "refund"),
            ("I'm sorry for the wait", "As an apology we will give you a 20% discount", "20%"),
        ],
    ),
    (
        MUGS,
        "Dear Anna,\n\nStandard delivery takes 3-5 business days and costs £5; it is free for orders over £75. "
        "Your order was placed on 17 November.\n\nKind regards\nPotter & Sons",
        [
            ("3-5 business days", "1-2 business days", "2 business days"),
            ("costs £5", "costs £4", "£4"),
            ("over £75", "over £50", "£50"),
            ("17 November", "19 November", "19 November"),
            ("takes 3-5 business days", "takes 3-5 hours", "5 hours"),
        ],
    ),
    (
        MUGS,
        "Hello Anna, thank you very much for getting in touch. You wrote that you expected a refund of £500: I "
        "am afraid I cannot confirm that. Your order PS-20417 is in transit and due on 24 November. Please "
        "reply to this mail if anything is unclear.",
        [
            ("I am afraid I cannot confirm that", "as promised, we will refund £500", "refund"),
            ("is in transit", "is lost", "lost"),
            ("24 November", "26 November", "26 November"),
        ],
    ),
    (
        CLINIC,
        "Dear Jonas,\n\nYour next appointment is on Tuesday, 17 March at 2:30 pm with Dr. Patel. It is "
        "confirmed and will take 45 minutes.\n\nKind regards,\nBright Smile Dental",
        [
            ("Tuesday, 17 March", "Wednesday, 18 March", "18 March"),
            ("2:30 pm", "3:30 pm", "3:30 pm"),
            ("Dr. Patel", "Dr. Nguyen", "Nguyen"),
            ("45 minutes", "30 minutes", "30 minutes"),
            ("It is confirmed", "It is cancelled", "cancelled"),
        ],
    ),
    (
        CLINIC,
        "Hi Jonas,\n\nno problem: you can move your appointment free of charge up to 24 hours before it "
        "begins. Which day of the following week would suit you? We are open Monday to Friday from 8 am to 6 "
        "pm.\n\nBest regards",
        [
            ("24 hours", "2 hours", "2 hours"),
            ("8 am", "7 am", "7 am"),
            ("to 6 pm", "to 8 pm", "8 pm"),
            (
                "no problem: you can move your appointment",
                "I have moved your appointment to 24 March. You can move it",
                "24 March",
            ),
        ],
    ),
    (
        CLINIC,
        "Hello Mr Miller, we have your deposit of $25, thank you. Should you cancel later than 24 hours before "
        "the appointment on 17 March, we would keep it. On Saturdays we are open from 9 am to 1 pm.",
        [
            ("$25", "$35", "$35"),
            ("$25", "£25", "£25"),
            ("17 March", "19 March", "19 March"),
            ("On Saturdays", "On Sundays", "Sundays"),
            ("1 pm", "5 pm", "5 pm"),
        ],
    ),
    (
        REFUND,
        "Dear Maria,\n\nthank you for your patience. We received your return on 8 June. The refund of €79.90 "
        "is pending and we expect it by 19 June, to your PayPal account.\n\nKind regards,\nThe Bike Shop",
        [
            ("8 June", "1 June", "1 June"),
            ("€79.90", "€97.90", "€97.90"),
            ("€79.90", "$79.90", "$79.90"),
            ("is pending", "has been paid out and refunded", "refunded"),
            ("19 June", "16 June", "16 June"),
            ("PayPal", "Klarna", "Klarna"),
        ],
    ),
    (
        REFUND,
        "Hello Ms Keller,\n\nI understand that you are waiting for your money for order 884213. Your helmet "
        "has reached us, and your refund has not been issued yet. We refund within 14 days after we receive "
        "the return.\n\nBest regards",
        [
            ("884213", "884231", "884231"),
            ("has not been issued yet", "has been issued", "issued"),
            ("14 days", "3 days", "3 days"),
            ("14 days", "14 weeks", "14 weeks"),
            ("Best regards", "We will also send you a voucher.\n\nBest regards", "voucher"),
        ],
    ),
    (
        REFUND,
        "Hi Maria, if you would like another size instead, an exchange is free of charge within 60 days. Just "
        "let us know which size you need.",
        [
            ("60 days", "90 days", "90 days"),
            ("an exchange is free of charge", "we will send you a new one today", "send you a new"),
        ],
    ),
    (
        TWO_ORDERS,
        "Hi Li,\n\nGW-5501 was delivered on 30 August by UPS. GW-5502 is still being processed and is expected "
        "to ship on 4 September.\n\nThanks,\nGadget World",
        [
            ("GW-5502 is still being processed", "GW-5502 has been delivered", "delivered"),
            ("30 August", "4 September", "4 September"),
            ("by UPS", "by USPS", "USPS"),
            ("GW-5501 was delivered", "GW-5501 was cancelled", "cancelled"),
            ("on 4 September", "on 3 September", "3 September"),
            ("GW-5502", "GW-5503", "GW-5503"),
        ],
    ),
    (
        TWO_ORDERS,
        "Hello Li Wei,\n\nyour order GW-5501 came to $129.00 and its tracking number is 1Z999AA10123456784. "
        "Your order GW-5502 came to $249.50 and has not been shipped yet.\n\nKind regards",
        [
            ("$129.00", "$249.50", "$249.50"),
            ("$249.50", "$129.00", "$129.00"),
            ("has not been shipped yet", "has been shipped", "shipped"),
            ("1Z999AA10123456784", "1Z999AA10123456748", "1Z999AA10123456748"),
            ("GW-5501 came", "GW-5501 was refunded and came", "refunded"),
        ],
    ),
    (
        GENERAL,
        "Good morning Pat,\n\nyes, we ship to Norway. It costs €14.90 and takes 6 to 10 days. Please note that "
        "customs duties are paid by the customer. Unopened, our teas keep for 24 months; once opened they are "
        "best within three months.\n\nWarm regards,\nThe Tea House",
        [
            ("€14.90", "€9.90", "€9.90"),
            ("6 to 10 days", "2 to 4 days", "4 days"),
            ("24 months", "36 months", "36 months"),
            ("three months", "six months", "six months"),
            (
                "customs duties are paid by the customer",
                "we will pay the customs duties and shipping is free of charge",
                "free",
            ),
            ("to Norway", "to Brazil", "Brazil"),
        ],
    ),
    (
        UNKNOWN,
        "Dear Sam,\n\nthank you for your message. I am sorry that you are still waiting. I could not find an "
        "order with the number 55123. Could you please send me the order number from your confirmation e-mail, "
        "or the address with which you ordered?\n\nKind regards",
        [
            (
                "I could not find an order with the number 55123.",
                "Your order 55123 was shipped on 18 November.",
                "shipped",
            ),
            ("I am sorry that you are still waiting.", "Your parcel arrives tomorrow.", "tomorrow"),
            ("Could you please", "We will refund you £40. Could you please", "£40"),
        ],
    ),
    (
        UNKNOWN,
        "Hi Sam, thanks for getting in touch! To help you I need your order number. Would you please reply "
        "with it, so that I can check what happened?",
        [
            ("To help you I need", "Your order is on its way with DPD. I need", "DPD"),
            ("To help you", "It will be delivered by Friday. To help you", "Friday"),
            ("thanks for getting in touch!", "your order 77001 was delivered.", "delivered"),
        ],
    ),
    (
        STOCK,
        "Dear Rosa,\n\nunfortunately the green Alpine tent is out of stock at the moment. We expect it again "
        "on 26 February. The red one is in stock and costs €329.\n\nBest regards,\nOutdoor Hut",
        [
            ("is out of stock", "is in stock", "in stock"),
            ("26 February", "16 February", "16 February"),
            ("€329", "€299", "€299"),
            ("€329", "£329", "£329"),
        ],
    ),
    (
        STOCK,
        "Hi Rosa, what is in stock leaves us within one business day and is delivered two to three business "
        "days later. The Alpine tent in green costs €349, and all tents have a three-year warranty. Can I put "
        "the red one aside for you?",
        [
            ("one business day", "one hour", "one hour"),
            ("€349", "€329", "€329"),
            ("three-year", "five-year", "five-year"),
            ("two to three business days later", "the next day, guaranteed", "guaranteed"),
        ],
    ),
]
