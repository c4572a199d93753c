## Refusals: what is so, what still works, what to do.
## One line each, in ASCII: they also go out in SMTP, IMAP and POP3 replies.

refusal-credentials = The address or the password is not the right one. Type the whole address, such as name@example.org, and the password again.
refusal-encryption = This connection is not encrypted. Choose SSL/TLS as security type, for the incoming and the outgoing server, or have old devices admitted for this mailbox.
refusal-sign-in-required = Sending needs sign-in. Tick 'Require sign-in' in the outgoing server settings, with the whole address as username.
refusal-busy = The service is too busy to check the password. Nothing is locked. Try again in a minute.
refusal-sender = This account may not send as { $address }. Set the account's own address as sender in the e-mail app.
refusal-header = The { $field } field of the message names { $address }, an address that this account may not use. Set the account's own address as sender in the e-mail app.
refusal-no-from = The message has no From field that says who wrote it. Set your address as sender in the e-mail app and send it again.
refusal-unknown-recipient = There is no address { $address } here. Check how it is spelled.
refusal-not-hosted = Mail for { $address } is taken here from signed-in users only. In an e-mail app, tick 'Require sign-in' in the outgoing server settings.
refusal-full = The mailbox is full. What it holds can still be read; mail comes in again once messages are removed from it.
refusal-full-long = The mailbox has been full for days and takes no more mail. Reach its owner by other means.
refusal-too-large = The message is too large: { $limit } at most. Remove an attachment, or send it in several messages.
refusal-header-too-long = The header of the message is too long: { $limit } at most. Take fields or recipients out of it.
refusal-forged = The message says that it is from { $domain }, which asks for mail to be refused that it does not stand by (DMARC): SPF { $spf }, DKIM { $dkim }. Send it through a server of { $domain }, or have yours named in its SPF record.
refusal-too-fast-network = There was too much mail from this network in a short time. What is left over is taken a little later: try again in some minutes.
refusal-too-fast-sender = There was too much mail of this sender in a short time. What is left over is taken a little later: try again in some minutes.
refusal-too-fast-recipient = There was too much mail to this recipient in a short time. What is left over is taken a little later: try again in some minutes.
refusal-listed = Mail from { $address } is not taken here, as the list { $list } names that address. Whoever runs that server can have it taken off the list, or ask the postmaster here.
refusal-listed-because = Mail from { $address } is not taken here, as the list { $list } names that address: { $reason }. Whoever runs that server can have it taken off.
refusal-bare-line-end = A line of the message ends in CR or LF alone, which RFC 5321 section 2.3.8 forbids. The sending program must end each line with CR LF.
refusal-loop = This message has passed through too many servers: it goes round in circles. Check the forwarding of the recipient's address.
refusal-disk-full = The service has no room for new mail just now. What is kept is safe and can still be read. Try again later.
refusal-temporary = This one is on us: the service could not do it just now. Nothing is lost. Try again later.
refusal-no-such-mailbox = There is no folder of that name. Refresh the list of folders.
refusal-mailbox-exists = A folder of that name exists already. Choose another name.
refusal-mailbox-forbidden = A folder can't have that name, or this folder can't be changed in that way. Choose another name.
refusal-too-many-mailboxes = There are as many folders as one account can have. Those that exist work as before. Delete one to make room for another.
refusal-too-many-subscriptions = This account is subscribed to as many folders as it can be. Unsubscribe from some that are no longer needed.
refusal-too-many-keywords = This folder knows as many tags as a folder can. Nothing was changed. Use a tag that was used there before.
refusal-too-many-messages = This folder has used up the numbers for its messages. What it holds can still be read and moved. Go on in a new folder.
