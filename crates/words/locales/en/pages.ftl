## Pages: what surrounds all of them.

language-name = English
page-title = { $page } · { $service }
skip-to-content = Skip to content
navigation = Navigation
navigation-home = My mailbox
navigation-guides = Devices
navigation-password = Password
menu = Menu
sign-out = Sign out
open-mailbox = Open my mailbox
secure-site = Secure site

## Forms

faults = { $count ->
    [one] One field to correct:
   *[other] { $count } fields to correct:
}
fault-empty = **This field is empty.** Type your answer in it.

## Sign-in

sign-in-title = Open your mailbox
sign-in-heading = Electronic mail
sign-in-heading-domain = for `{ $domain }`
sign-in-address = Your whole address
sign-in-password = Password
sign-in-button = Open my mailbox
sign-in-forgotten = Forgotten password? Ask whoever manages your address.
sign-in-sender = To set up a device:
sign-in-server = server `{ $host }`
sign-in-incoming = { $protocol } `{ $port }`
sign-in-outgoing = sending `{ $port }`
sign-in-guides = Set up a device, step by step
sign-in-expired = **This page had waited too long, or the browser refuses cookies.** Type the password again.
sign-in-ended = **You are signed out.** Your mailbox goes on receiving.
postmark-mail = MAIL

## Mailbox

home-title = Your mailbox
home-state = **Your mailbox works.** Set up your devices with the values below.
home-set-up = Set up a device
home-postmark = SESSION
home-postmark-below = OPENED
home-postmark-name = Session opened on { $date } at { $time }
home-account = This address
home-password = Password
home-password-changed = since { $date }
home-old-devices = Old devices
home-old-devices-on = admitted
home-old-devices-off = not admitted
home-old-devices-why-on = This mailbox also opens without encryption. Whoever manages your address can change this choice.
home-old-devices-why-off = This mailbox opens with safe encryption only. Whoever manages your address can admit a device too old for that.

## Settings

settings-title = Settings for your devices
settings-title-generic = Settings
settings-user = Username
settings-user-generic = your whole address, such as `{ $example }`
settings-user-why = your whole address, to receive and to send
settings-password = Password
settings-password-why = your mailbox’s own
settings-server = Server
settings-server-why = the same to receive and to send
settings-servers-incoming = Incoming server
settings-server-imap = IMAP server
settings-server-pop3 = POP3 server
settings-servers-outgoing = Outgoing server
ports-reminder = The ports again
ports-service = Service
ports-ssl-on = SSL on
ports-ssl-off = SSL off
ports-imap = Incoming, IMAP
ports-pop3 = Incoming, POP3
ports-submission = Outgoing, SMTP
ports-none = none
ports-yours = yours here
ports-why = Take the first column. The other serves STARTTLS and devices too old to encrypt.

## Password

password-title = Change the password
password-of = of the mailbox
password-effects-title = What will happen
password-effect-devices = Sessions opened with the old password are closed at once, on every device.
password-effect-mail = Mail goes on coming in. Nothing is lost.
password-effect-next = Then type the new one in each device: to receive **and** to send.
password-effect-here = This page stays open.
password-current = Current password
password-new = New password
password-new-hint = At least { $least } characters. Four words taken at random are easy to remember.
password-again = New password, again
password-button = Use this password
password-cancel = Keep the old one
password-wrong = **This is not the mailbox’s password.** Type it again.
password-short = **This password is too short.** It needs at least { $least } characters.
password-long = **This password is too long.** It may have { $most } bytes at most.
password-differs = **It is not the same as the first.** Type both again.
password-same = **This is the mailbox’s password already.** Choose another.
password-control = **One character of this password can’t be typed on a keyboard.** Choose another.
password-changed-title = Your password is in place
password-changed-when = Changed on { $date } at { $time }. Sessions opened with the old one are closed.
password-changed-next = Type it now in each device: to receive **and** to send. A device that has kept the old one locks nothing; it waits.
password-changed-guides = See a device’s settings again
password-changed-home = Back to my mailbox

## Page incidents

error-not-found-title = There is no such page
error-not-found = The address may have been copied wrongly. Your mail is not affected.
error-method-title = This page can’t be asked for in that way
error-method = Nothing was changed. Start again from your mailbox.
error-expired-title = This page had waited too long
error-expired = Nothing was changed. Open the page again and start over.
error-form-title = This form can’t be read
error-form = Nothing was changed. Open the page again and start over.
error-large-title = That is too large for this page
error-large = Nothing was changed. Open the page again and start over.
error-ours-title = This one is on us
error-ours = The page could not be made. Your mail is safe. Try again in a minute.
error-home = Go to my mailbox
error-guides = Set up a device
