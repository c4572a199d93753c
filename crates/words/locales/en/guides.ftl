## Guides: the list, and the sentences that each guide is made of.

guides-name = Guides
guides-title = Set up a device
guides-lead = Each guide names the device’s screens, in order, and says what to put in each field.
guides-lead-own = The values are already yours.
guides-lead-generic = Open your mailbox first and the values will be yours.
guides-device = Device
guides-protocol = Guide
guides-imap = by IMAP
guides-pop3 = by POP3
guides-choice-title = IMAP or POP3?
guides-choice-imap = **IMAP**: mail stays on the service; all your devices show the same. Take this one when in doubt.
guides-choice-pop3 = **POP3**: the device fetches a copy. Right for one single device, or a slow link.
guides-any = Any other app
guides-any-where = phone, tablet, computer
guides-android-name = Email, Android 4.1.2
guides-android-where = tablet or phone of 2012
guides-any-link = the values to type
guide-in = by { $protocol }
guide-other = switch to { $protocol }
guide-steps = Steps
guide-step = step { $number } of { $count }
guide-values-own = Your own values. A tick: it is right already, leave it alone.
guide-values-generic = A tick: it is right already, leave it alone.
guide-before-need = Have your whole address and your mailbox’s password at hand.
guide-before-old-on = **This is an old device.** Its encryption is too old for this service: this app connects without encryption only. Old devices are **admitted** for your mailbox.
guide-before-old-off = **This is an old device.** Its encryption is too old for this service: this app connects without encryption only, and old devices are **not admitted** for your mailbox. Ask whoever manages your address for it first.
guide-before-old-generic = **This is an old device.** Its encryption is too old for this service: this app connects without encryption only. Whoever manages your address must admit old devices for your mailbox.
guide-already = right already:
guide-all = The whole guide on one page
guide-one = Step by step
guide-step-button = Step { $number }
guide-breadcrumb = Where this page stands
guide-example-name = first.last
guide-fault = Message
guide-remedy = What to do

## What is done with a field

guide-write = **{ $label }**: type `{ $value }`
guide-write-address = **{ $label }**: type your whole address, such as `{ $example }`
guide-write-password = **{ $label }**: type your mailbox’s password
guide-check = **{ $label }**: check that it says `{ $value }`
guide-right = **{ $label }**: already `{ $value }`
guide-right-address = **{ $label }**: already your whole address
guide-right-password = **{ $label }**: already your mailbox’s
guide-leave = **{ $label }**: leave **{ $value }**
guide-leave-empty = **{ $label }**: leave this field empty
guide-leave-ticked = **{ $label }**: leave the box ticked
guide-leave-ticked-also = **{ $label }** (on some tablets, **{ $also }**): leave the box ticked
guide-as-you-like = **{ $label }**: as you like
guide-touch = Touch **{ $label }**
guide-touch-also = Touch **{ $label }** (on some tablets, **{ $also }**)

## Any app

any-title = Any e-mail app
any-lead = The names of the fields differ from one app to the next; the values don’t.
any-step-add = Add an account
any-step-incoming = Incoming server
any-step-outgoing = Outgoing server
any-step-proof = Test
any-add = In the app, add an account and choose manual setup.
any-add-type = As account type, take **IMAP**. **POP3** is right if this device is the only one.
any-user = Username: `{ $value }`
any-user-generic = Username: your whole address, such as `{ $example }`, never its first half alone
any-password = Password: your mailbox’s own
any-imap = IMAP server: `{ $host }`, port `{ $port }`, security **SSL/TLS**
any-pop3 = or POP3 server: `{ $host }`, port `{ $port }`, security **SSL/TLS**
any-smtp = SMTP server: `{ $host }`, port `{ $port }`, security **SSL/TLS**
any-sign-in = Sign-in: **yes**, by normal password, with the same username and password
any-starttls = If the app has STARTTLS only: ports `{ $imap }` (IMAP), `{ $pop3 }` (POP3) and `{ $submission }` (sending).
any-proof = Send yourself a message. If it arrives, both servers are set up well.
any-certificate = **If the app doubts the certificate**, ask whoever runs the service whether that is expected. To accept without knowing may be to give the password to someone else.
