"""The phrases that ``make_tickets.py`` puts together, written for this example.

A situation decides the category, so none of the other phrases may speak of money, parcels or
logins in a way that could change it. Words in braces are slots; see ``SLOTS``.
"""

from __future__ import annotations

from collections.abc import Sequence

SITUATIONS: dict[str, Sequence[str]] = {
    "billing": (
        "My card was charged twice for the {item}.",
        "I see two payments of {amount} euros on my statement, and I only bought one {item}.",
        "The refund for the {item} I sent back has not reached my bank.",
        "You promised me {amount} euros back {day}, but nothing was paid out so far.",
        "The invoice shows {amount} euros although the page said less when I paid.",
        "There is a fee of {amount} euros on my bill that nobody told me about.",
        "The discount code from your newsletter was not taken off the price of the {item}.",
        "I entered a voucher for {amount} euros and still paid the full price.",
        "I need an invoice with our company name and VAT number for the {item}.",
        "The invoice has the wrong tax rate on it, our accountant sent it back.",
        "My monthly plan went from {amount} euros to nearly double without a word.",
        "You billed me for a second month although I cancelled the plan {day}.",
        "The payment page took my money and then showed an error, so I don't know if I paid.",
        "My bank says that {amount} euros are still reserved for you, please release them.",
        "I was charged in dollars instead of euros for the {item}.",
        "Someone at your shop typed {amount} euros into the card reader, it should have been a tenth of that.",
        "I paid the {item} with a gift card and the balance went down by too much.",
        "You sent a payment reminder for a bill that I paid {day}.",
        "Could you split the bill for the {item} over three months, like the advert says?",
        "The price of the {item} fell {day}, do you pay back the difference?",
        "why is there a charge of {amount} from you on my credit card",
        "The direct debit failed {day} and now you want {amount} euros on top.",
    ),
    "delivery": (
        "My parcel should have come {day} and it is still not here.",
        "The tracking page has not moved since {weekday}.",
        "The {item} arrived with a crack right through the middle.",
        "The box was wet and open when the driver handed over the {item}.",
        "There was a {other} in the parcel, I bought a {item}.",
        "One part is missing: the {item} came, the {other} did not.",
        "The courier says the parcel was handed to a neighbour in {city}, but none of them has it.",
        "Tracking says delivered {day}. Nothing is at my door.",
        "I typed the wrong street, can the {item} go to my office in {city} instead?",
        "Please send the {item} to a pick-up shop in {city}, I'm never home when the van comes.",
        "The driver left the {item} in the rain in front of the garage.",
        "Can I change the delivery of the {item} to another afternoon?",
        "The parcel went back to your warehouse because the driver could not find our house in {city}.",
        "How long does it take to ship a {item} to {city}?",
        "Only half of what I bought has been sent, when does the {item} follow?",
        "The van came {day} while I was out and left no card, where is my {item} now?",
        "The {item} is stuck at customs in {city} and they want papers from you.",
        "Your driver was rude and threw the box with the {item} over the fence.",
        "I got a parcel for somebody else with a {item} in it, how do I send it on?",
        "still waiting for the {item}, the map shows the van in {city} since {weekday}",
        "Two of the three boxes arrived {day}, the one with the {item} did not.",
        "Where can I see on which day the {item} will be brought to {city}?",
    ),
    "account": (
        "I can't log in any more, the page says that my password is wrong.",
        "The link to reset my password never arrives in my mailbox.",
        "My account has been locked after three attempts.",
        "I have a new phone and the two-factor codes went with the old one.",
        "Please change the email address of my profile, I no longer own the old one.",
        "I would like my account and all personal data to be deleted.",
        "Somebody else has logged in as me from {city}.",
        "I get your newsletter three times a week, take me off the list.",
        "How do I change the name on my profile? I got married in {city}.",
        "I have two accounts by mistake, can you merge them into one?",
        "The app logs me out each time I look at a {item}.",
        "Your site says that my email address is already taken, but I never signed up.",
        "I want to add my colleague in {city} as a second user of our company account.",
        "My saved addresses have vanished from the profile since {weekday}.",
        "The confirmation link for my new account has expired.",
        "Signing in with my Google profile gives a blank page since {weekday}.",
        "My wish list with the {item} is empty after the update of the app.",
        "Can you tell me which data about me you keep, and send me a copy?",
        "The login code comes by text message to a number I gave up {day}.",
        "cant sign in on my laptop, the phone works fine",
        "My birthday in the profile is wrong and the form won't let me edit it.",
        "Since {weekday} the security question asks for something I never set.",
    ),
}

DETAILS: dict[str, Sequence[str]] = {
    "billing": (
        "My bank statement shows it clearly.",
        "I can send you a photo of the receipt.",
        "The amount on the bill is simply wrong.",
        "I paid with the card that ends in {four}.",
        "I have written to your bookkeeping about it before.",
        "My accountant asks me about it every morning.",
        "Please check the payment.",
        "The bill is in my name.",
    ),
    "delivery": (
        "The carrier's hotline sent me back to you.",
        "I took a photo of the box.",
        "Our house is the one behind the bakery.",
        "The neighbours have not seen a van either.",
        "Please ask the driver.",
        "The label on the box has the right address.",
        "I was at home the whole day.",
        "The carrier has my phone number.",
    ),
    "account": (
        "I tried another browser as well.",
        "My user name is the one I always had.",
        "The help page did not get me any further.",
        "I looked in the spam folder too.",
        "It is the same on the phone and on the laptop.",
        "I have been a member for {years} years.",
        "The settings page only shows a grey button.",
        "I deleted the cookies, no change.",
    ),
}

ASIDES = (
    "I talked to a colleague of yours about it {day}.",
    "My last message got the reference {five}, nobody replied.",
    "Otherwise I'm happy with your shop.",
    "I could not find this in your questions and answers.",
    "This is the second time that it happens to me.",
    "My sister had the same trouble {day}.",
    "The chat robot was no help.",
    "I bought from you for {years} years without any trouble.",
    "Sorry if this is the wrong address for it.",
    "Maybe I did something wrong myself.",
)

URGENT = (
    "I need this solved today.",
    "This is urgent.",
    "Please call me today.",
    "It is urgent, I leave tomorrow morning.",
    "I need an answer today.",
    "Please hurry, we open in two hours.",
    "This has to be fixed right now.",
    "Please reply immediately.",
    "I need help right now.",
    "Urgent, please!",
    "Get back to me asap.",
    "Please see to it asap, I have a deadline.",
    "This is an emergency, please help immediately.",
    "I must have this sorted out today.",
)

CALM = (
    "No rush.",
    "Take your time.",
    "It can wait until next week.",
    "Whenever you find a moment is fine.",
    "There is no hurry at all.",
    "Next month is early enough for me.",
    "I only want to know.",
)

OPENERS = (
    "Hello,", "Hi there,", "Good morning,", "Dear support team,", "Hey,", "Good evening.", "Hi, quick question.",
    "Dear Sir or Madam,", "Hello again,", "To whom it may concern:", "Hi folks,", "Good afternoon.",
)  # fmt: skip

CLOSERS = (
    "Thanks!", "Thank you in advance.", "Kind regards, {name}", "Best, {name}", "Cheers", "Please advise.",
    "Many thanks, {name}", "Yours sincerely, {name}", "Looking forward to your answer.", "{name}",
)  # fmt: skip

ORDER_BEFORE = (
    "About order {order}:", "Order {order}.", "Re: {order}.", "It's about my order {order}.", "Order no. {order}:",
    "I am writing about order {order}.", "{order}:", "Concerning {order}.",
)  # fmt: skip

ORDER_AFTER = (
    "My order number is {order}.", "The order was {order}.", "(order {order})", "Order: {order}", "It's order {order}.",
    "You find it under {order}.", "Reference {order}.", "The order in question is {order}.",
)  # fmt: skip

SLOTS: dict[str, Sequence[str]] = {
    "item": (
        "kettle",
        "desk lamp",
        "rain jacket",
        "bike helmet",
        "coffee grinder",
        "office chair",
        "tent",
        "keyboard",
        "backpack",
        "guitar stand",
        "baby monitor",
        "bread maker",
        "yoga mat",
        "drill",
        "record player",
        "garden hose",
        "suitcase",
        "toaster",
    ),
    "other": (
        "phone case",
        "picture frame",
        "water bottle",
        "doormat",
        "dog leash",
        "power strip",
        "pillow",
        "board game",
    ),
    "city": (
        "Leeds",
        "Porto",
        "Graz",
        "Utrecht",
        "Lyon",
        "Gdansk",
        "Turin",
        "Malmo",
        "Cork",
        "Ghent",
        "Brno",
        "Bilbao",
    ),
    "day": (
        "on Monday",
        "on Tuesday",
        "last Wednesday",
        "on Thursday",
        "last Friday",
        "two weeks ago",
        "a week ago",
        "three days ago",
        "on the 3rd",
        "on the 14th",
        "at the end of last month",
        "ten days ago",
    ),
    "weekday": ("Monday", "Tuesday", "last Wednesday", "Thursday", "last Friday", "Sunday", "the 3rd", "yesterday"),
    "name": (
        "Ines",
        "Tom",
        "Aisha",
        "Marek",
        "Lucia",
        "J. Berg",
        "Priya",
        "Noor",
        "Sven",
        "Chloe",
        "K. Tanaka",
        "Dario",
    ),
}

LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore "
    "magna aliqua, order X-0000."
)
RAMBLING = (
    "I have been thinking for a while about how to begin this letter.",
    "My grandmother used to say that one should always start with the weather, so let me say that it has been raining.",
    "The cat has not left the sofa since breakfast, and I do not blame her.",
    "When I was young, shops closed at noon and nobody minded.",
    "Now about what I wanted to tell you, although it is perhaps not important to anybody but me.",
    "The garden is coming along nicely and the tomatoes are red.",
)
