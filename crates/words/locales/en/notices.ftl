## Reports by mail: that a message was not delivered, or takes long.
## What is so, what still works, what to do.

notice-sender = Mail service
notice-failed-subject = Not delivered: { $subject }
notice-delayed-subject = Not delivered yet: { $subject }
notice-no-subject = (no subject)
notice-failed-lead = Your message of { $date }, { $time }, did not reach these recipients:
notice-failed-end = Nothing more is tried for them. Whoever else you sent it to is not concerned. Your message’s header is attached.
notice-failed-end-full = Nothing more is tried for them. Whoever else you sent it to is not concerned. Your message is attached.
notice-delayed-lead = Your message of { $date }, { $time }, has not reached these recipients yet:
notice-delayed-end = You need do nothing: it is tried again until { $date }, { $time }. Should that be in vain, you are told.
notice-delivered-subject = Delivered: { $subject }
notice-delivered-lead = Your message of { $date }, { $time }, was delivered to:
notice-delivered-end = You asked to be told. It does not say whether it was read. Your message’s header is attached.
notice-relayed-subject = Handed over: { $subject }
notice-relayed-lead = Your message of { $date }, { $time }, was handed over to the host of these recipients:
notice-relayed-end = You asked to be told. That host does not tell what becomes of it from there. Your message’s header is attached.
notice-said = { $host } answered: { $text }
notice-ours = What happened: { $text }
notice-meaning = What that means: { $text }

## What is known of a failure, by its code.

meaning-no-address = there is no such address there. Check how it is spelled.
meaning-no-domain = the part behind the @ names no place that takes mail. Check how it is spelled.
meaning-null-mx = the part behind the @ takes no mail at all, by its owner’s own word. Ask the person for another address.
meaning-mailbox-off = the mailbox is there and takes no mail now. Reach the person by other means.
meaning-full = the mailbox is full. The person must make room first; reach them by other means.
meaning-too-large = the message is larger than that host takes. Send a link in place of the attachment.
meaning-loop = the message went round in circles between hosts. Whoever manages the recipient’s address must look at its forwarding.
meaning-unreachable = that host could not be reached, or the connection broke. It is most often the other side’s trouble, and passes.
meaning-dns = the name service did not tell where that mail goes. It most often passes by itself.
meaning-refused = that host does not want this message, by a rule of its own. What it answered says why, if anything does.
meaning-not-believed = that host could not verify that the message is from your domain. Show what it answered to whoever manages your address.
meaning-tls = that host can’t be reached with the encryption that is asked for. Nothing was sent in the clear.
meaning-unproved = that host could not prove, by its certificate, that it is the one which its owner promises. Nothing was sent, since somebody might stand in between. Whoever manages the recipient’s address must look at it.
meaning-unicode = that host can’t take addresses with letters such as é. Ask the person for an address without.
meaning-expired = it was tried for days, in vain.
meaning-busy = that host asks to come back later. Most often it then takes the message.
