"""Single lines of replies: courteous ones, which state nothing, and ones that invent something."""

# What good replies say beside facts: every line must pass with every situation that has data.
COURTEOUS = [
    line
    for line in """
Thank you for contacting us today.
Thanks for reaching out, and I hope you are having a great day!
I am sorry for the inconvenience this has caused.
We apologise for the delay and understand how frustrating this must be.
Please do not hesitate to contact us if you have any other questions.
I completely understand your concern, and I would be happy to help.
We will look into this and get back to you as soon as possible.
I'll keep you updated.
Let me know if there is anything else I can do for you.
Your satisfaction is important to us.
Could you please send us a photo of the damaged item?
Would you prefer a refund or a replacement?
Please confirm your address so that we can check.
If the parcel has not arrived by then, please let us know.
Once we have received your return, we will check it.
Thank you for your patience and understanding.
There are two ways to do this.
Please allow us a moment to look into it.
I have passed your feedback on to our team.
One of our colleagues will be in touch with you.
We are always here to help.
I hope this helps!
Have a lovely weekend.
We wish you a nice week.
We appreciate your business and your loyalty.
Please reply to this message if anything is unclear.
I have checked your order for you.
We take this very seriously.
Rest assured that we are doing our best to help.
As soon as we know more, we will let you know.
I'm afraid I don't have any further information at the moment.
You can find more about this in our terms and conditions.
Please note that we can only help with orders from our own shop.
We cannot guarantee that.
Unfortunately we are unable to offer a refund in this case.
When did you notice the problem?
Has the parcel been delivered to a neighbour, perhaps?
I understand that your parcel has not arrived.
I am sorry to hear that your item arrived broken.
You mentioned that you are not happy with the colour.
Regarding your request, we will check what we can do.
First, please check your spam folder.
We value your feedback.
Feel free to call us at any time.
We look forward to hearing from you.
I would like to help you with your refund request.
In the meantime, please keep the packaging.
To return an item, please follow the steps below.
Thanks again for your order!
Please give us a little time to sort this out.
That is a good question.
It was a pleasure to help you.
I am here if you need me.
We are sorry to see you go.
Could you tell me whether the box was open when it arrived?
I hope you and your family are well.
We would love to hear what you think.
You are welcome to write to us in English or in another language.
May I ask which browser you use?
We have received your message and will answer soon.
I will be glad to assist you further.
No worries at all.
Thank you for bringing this to our attention.
We know how important this is to you.
Please accept our sincere apologies.
Our team is working on it.
I wanted to let you know that we are looking into it.
You will hear from us again shortly.
It is best to keep your receipt.
Many thanks for your kind words.
""".splitlines()
    if line
]

# What must never pass by itself where nothing of it is known.
INVENTED = [
    line
    for line in """
We will refund you the full amount.
I have issued a full refund to your card.
Your replacement is on its way and will arrive tomorrow.
We guarantee that this never happens again.
I have added a £10 voucher to your account.
You will receive a 25% discount on your next order.
Please call us on 0800 123 4567.
You can also write to claims@refund-center.example.
Visit https://refund-center.example/claim to get your money back.
Your complaint number is C-99812.
Our manager Mr Brown has approved your request.
I have changed your delivery address.
Your account has been upgraded.
We close at 9:45 pm today.
Your order weighs 14 kg.
The parcel was handed to your neighbour and signed for.
Your payment failed on 3 January.
We have waived the fee.
Compensation of fifty pounds will be credited to you.
Your subscription has been cancelled.
It will be there by Friday at the latest.
You have 45 days to decide.
The item is sold out.
As a goodwill gesture, you can keep the item for free.
Shipping is free for you from now on.
I've extended your deadline until 12 December.
You are entitled to compensation.
We have already sent you a new one with Hermes.
Your invoice number is 2026-88120.
We will deliver it within two hours.
Your warranty has been extended by ten years.
The discount code is SAVE30.
We have cancelled your order and refunded your card.
Your package was returned to sender.
About 80 percent of our customers get it within a day.
It arrived in Paris last Wednesday.
Our courier Kevin will ring at 4 o'clock.
You can pick it up at 44 Harbour Street, Dover.
The new price is €12.
Your claim has been approved by our insurance.
""".splitlines()
    if line
]
